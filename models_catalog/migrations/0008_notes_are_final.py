"""What is noted of prices and aliases is final, aliases begin their history, and cards are begun."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION models_catalog_note_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'what was noted is never edited or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tier_is_final BEFORE UPDATE OR DELETE ON models_catalog_pricetier
    FOR EACH ROW EXECUTE FUNCTION models_catalog_note_is_final();
CREATE TRIGGER vendor_price_is_final BEFORE UPDATE OR DELETE ON models_catalog_vendorprice
    FOR EACH ROW EXECUTE FUNCTION models_catalog_note_is_final();
CREATE TRIGGER alias_version_is_final BEFORE UPDATE OR DELETE ON models_catalog_aliasversion
    FOR EACH ROW EXECUTE FUNCTION models_catalog_note_is_final();
"""
BACKWARD = """
DROP TRIGGER tier_is_final ON models_catalog_pricetier;
DROP TRIGGER vendor_price_is_final ON models_catalog_vendorprice;
DROP TRIGGER alias_version_is_final ON models_catalog_aliasversion;
DROP FUNCTION models_catalog_note_is_final();
"""
BEGIN = """
INSERT INTO models_catalog_aliasversion (alias_id, version, chat_model_id, active_from)
SELECT a.id, 1, a.chat_model_id, now() FROM models_catalog_alias a;
UPDATE models_catalog_chatmodel m SET operated_by = v.name
FROM models_catalog_vendor v WHERE v.id = m.vendor_id AND m.operated_by = '' AND m.state <> 'announced';
UPDATE models_catalog_chatmodel SET contract = 'Not noted yet' WHERE contract = '' AND state <> 'announced';
UPDATE models_catalog_chatmodel SET filing = 'Not noted yet' WHERE filing = '' AND state <> 'announced';
UPDATE models_catalog_chatmodel SET service_label = 'Made by AI' WHERE service_label = '' AND state <> 'announced';
UPDATE models_catalog_chatmodel SET state = 'announced'
WHERE state IN ('preview', 'available', 'deprecated')
  AND (data_region = 'unknown' OR retention = 'unknown' OR trains_on_data IS NULL);
"""


class Migration(migrations.Migration):
    """A model that does not say where data goes cannot be called until somebody writes it down."""

    dependencies = (("models_catalog", "0007_open_eyes"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD), migrations.RunSQL(BEGIN, migrations.RunSQL.noop))
