"""Lets the database itself insist on an owner for every account, and on records that stay as they were written."""

from django.db import migrations

OWNER = """
CREATE FUNCTION account_needs_owner() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
  v_account bigint;
BEGIN
  IF TG_TABLE_NAME = 'accounts_account' THEN v_account := NEW.id; ELSE v_account := OLD.account_id; END IF;
  IF EXISTS (SELECT FROM accounts_account WHERE id = v_account)
     AND NOT EXISTS (SELECT FROM accounts_member
                     WHERE account_id = v_account AND role = 'owner' AND left_at IS NULL) THEN
    RAISE EXCEPTION 'account % would have no owner', v_account
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'account_has_an_owner';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER account_has_an_owner AFTER INSERT ON accounts_account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION account_needs_owner();
CREATE CONSTRAINT TRIGGER account_keeps_an_owner AFTER UPDATE OR DELETE ON accounts_member
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION account_needs_owner();
"""

NO_OWNER = """
DROP TRIGGER account_has_an_owner ON accounts_account;
DROP TRIGGER account_keeps_an_owner ON accounts_member;
DROP FUNCTION account_needs_owner();
"""

KEPT = """
CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  RAISE EXCEPTION 'rows of % stay as they were written', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON accounts_auditevent
  FOR EACH ROW EXECUTE FUNCTION record_stays();
CREATE TRIGGER agreement_stays BEFORE UPDATE OR DELETE ON accounts_agreement
  FOR EACH ROW EXECUTE FUNCTION record_stays();
CREATE TRIGGER legal_text_stays BEFORE UPDATE OR DELETE ON accounts_legaltext
  FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION record_stays();
"""

NOT_KEPT = """
DROP TRIGGER audit_event_stays ON accounts_auditevent;
DROP TRIGGER agreement_stays ON accounts_agreement;
DROP TRIGGER legal_text_stays ON accounts_legaltext;
DROP FUNCTION record_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(OWNER, NO_OWNER), migrations.RunSQL(KEPT, NOT_KEPT)]
