"""A published price is final: the database itself refuses to edit or delete one."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION models_catalog_price_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'a published price is never edited or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER price_is_final BEFORE UPDATE OR DELETE ON models_catalog_price
    FOR EACH ROW EXECUTE FUNCTION models_catalog_price_is_final();
"""
BACKWARD = """
DROP TRIGGER price_is_final ON models_catalog_price;
DROP FUNCTION models_catalog_price_is_final();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = (("models_catalog", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
