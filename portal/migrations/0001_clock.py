"""Makes the clock, `app_now()` and `new_id()` that tell business time, and the maker of monthly partitions."""

from datetime import timedelta

from django.db import migrations, models

APP_NOW = """
INSERT INTO portal_clock (id, shift) VALUES (1, interval '0');
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
RETURN clock_timestamp() + coalesce((SELECT shift FROM public.portal_clock), interval '0');

CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE
SET search_path = public, pg_temp
RETURN uuidv7(coalesce((SELECT shift FROM public.portal_clock), interval '0'));
"""

# A month that already has rows in the default partition keeps them there: they are found just the same.
MAKE_PARTITIONS = """
CREATE FUNCTION first_id_of(p_moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog
RETURN rpad(lpad(to_hex((extract(epoch FROM p_moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

CREATE FUNCTION make_partitions(p_table text, p_key text, p_months integer) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  v_made integer := 0;
  v_from timestamptz;
  v_name text;
  v_first uuid;
  v_last uuid;
  v_taken boolean;
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I DEFAULT', p_table || '_default', p_table);
  FOR v_ahead IN 0..p_months LOOP
    v_from := date_trunc('month', app_now()) + v_ahead * interval '1 month';
    v_name := p_table || '_' || to_char(v_from, 'YYYYMM');
    CONTINUE WHEN to_regclass(quote_ident(v_name)) IS NOT NULL;
    v_first := first_id_of(v_from);
    v_last := first_id_of(v_from + interval '1 month');
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= $1 AND %I < $2)',
      p_table || '_default', p_key, p_key) INTO v_taken USING v_first, v_last;
    CONTINUE WHEN v_taken;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
      v_name, p_table, v_first, v_last);
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("shift", models.DurationField(default=timedelta(0))),
            ],
            options={"db_table": "portal_clock"},
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(name="clock_is_one_row", condition=models.Q(id=1)),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(name="clock_never_behind", condition=models.Q(shift__gte=timedelta(0))),
        ),
        migrations.RunSQL(APP_NOW, "DROP FUNCTION new_id(); DROP FUNCTION app_now()"),
        migrations.RunSQL(
            MAKE_PARTITIONS,
            "DROP FUNCTION make_partitions(text, text, integer); DROP FUNCTION first_id_of(timestamptz)",
        ),
    ]
