"""Lets a call be found by the short code that is read out on the phone."""

from django.db import migrations

CODES = """
CREATE FUNCTION call_number(p_call uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog
RETURN ('x' || right(p_call::text, 7))::bit(28)::integer & 33554431;

CREATE INDEX call_by_code ON usage_call (call_number(id));
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0004_audits")]

    operations = [
        migrations.RunSQL(CODES, "DROP INDEX call_by_code; DROP FUNCTION call_number(uuid)"),
    ]
