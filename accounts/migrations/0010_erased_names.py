"""Lets a name be taken out of audit events where a person is erased; all else of them stays as it was written."""

from django.db import migrations

NAMES_GO = """
CREATE FUNCTION audit_event_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('accounts.erasing', true) = 'on'
     AND (NEW.id, NEW.account_id, NEW.actor_id, NEW.verb, NEW.reason, NEW.created_at)
       IS NOT DISTINCT FROM (OLD.id, OLD.account_id, OLD.actor_id, OLD.verb, OLD.reason, OLD.created_at) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'rows of % stay as they were written', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
END $$;
DROP TRIGGER audit_event_stays ON accounts_auditevent;
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON accounts_auditevent
  FOR EACH ROW EXECUTE FUNCTION audit_event_stays();
"""

NAMES_STAY = """
DROP TRIGGER audit_event_stays ON accounts_auditevent;
DROP FUNCTION audit_event_stays();
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON accounts_auditevent
  FOR EACH ROW EXECUTE FUNCTION record_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_letters")]

    operations = [migrations.RunSQL(NAMES_GO, NAMES_STAY)]
