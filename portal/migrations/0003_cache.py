"""Makes the table of Django's database cache, in which sign-in limits survive a restart of everything else."""

from django.db import migrations

MAKE = """
CREATE TABLE IF NOT EXISTS portal_cache (
  cache_key varchar(255) NOT NULL PRIMARY KEY,
  value text NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS portal_cache_expires ON portal_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_brand")]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE IF EXISTS portal_cache")]
