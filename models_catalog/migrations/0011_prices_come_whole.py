"""A price is whole when it is published: nobody adds hours or tiers to one that others have seen."""

from django.db import migrations

# A row that its reader sees although its own transaction has not ended was written by the reader. The row knows the
# lower half of that transaction's number; the upper half is the present one's.
FORWARD = """
CREATE FUNCTION models_catalog_comes_with_its_price() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
  v_written text;
  v_now bigint := pg_current_xact_id()::text::bigint;
BEGIN
  SELECT p.xmin::text INTO v_written FROM models_catalog_price p
  WHERE p.id = (CASE WHEN TG_TABLE_NAME = 'models_catalog_price' THEN to_jsonb(NEW) -> 'base_id'
    ELSE to_jsonb(NEW) -> 'price_id' END)::text::bigint;
  IF FOUND AND pg_xact_status(((v_now >> 32 << 32) + v_written::bigint)::text::xid8) IS DISTINCT FROM 'in progress' THEN
    RAISE EXCEPTION 'what belongs to a price is published with it' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER window_comes_with_its_price BEFORE INSERT ON models_catalog_price
    FOR EACH ROW WHEN (NEW.base_id IS NOT NULL) EXECUTE FUNCTION models_catalog_comes_with_its_price();
CREATE TRIGGER tier_comes_with_its_price BEFORE INSERT ON models_catalog_pricetier
    FOR EACH ROW EXECUTE FUNCTION models_catalog_comes_with_its_price();
"""
BACKWARD = """
DROP TRIGGER window_comes_with_its_price ON models_catalog_price;
DROP TRIGGER tier_comes_with_its_price ON models_catalog_pricetier;
DROP FUNCTION models_catalog_comes_with_its_price();
"""


class Migration(migrations.Migration):
    """Adds the triggers."""

    dependencies = (("models_catalog", "0010_figures_may_be_unknown"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
