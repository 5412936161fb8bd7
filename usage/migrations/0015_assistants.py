"""Assistants with versions that stay, which of them a conversation began with, and which a call was made through."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION usage_assistant_version_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'a version of an assistant is never edited or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER assistant_version_is_final BEFORE UPDATE OR DELETE ON usage_assistantversion
    FOR EACH ROW EXECUTE FUNCTION usage_assistant_version_is_final();
"""
BACKWARD = """
DROP TRIGGER assistant_version_is_final ON usage_assistantversion;
DROP FUNCTION usage_assistant_version_is_final();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_erased_names'),
        ('usage', '0014_votes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Assistant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(db_index=False, verbose_name='id')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('name_zh', models.CharField(blank=True, max_length=60, verbose_name='name in Chinese')),
                ('summary', models.CharField(max_length=240, verbose_name='summary')),
                ('summary_zh', models.CharField(blank=True, max_length=240, verbose_name='summary in Chinese')),
                ('opening', models.CharField(blank=True, max_length=400, verbose_name='opening line')),
                ('opening_zh', models.CharField(blank=True, max_length=400, verbose_name='opening line in Chinese')),
                ('examples', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=400), blank=True, default=list, size=None)),
                ('examples_zh', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=400), blank=True, default=list, size=None)),
                ('icon', models.CharField(default='sparkles', max_length=40, verbose_name='icon')),
                ('audience', models.CharField(choices=[('everyone', 'Everyone'), ('household', 'Households'), ('business', 'Businesses')], default='everyone', max_length=9, verbose_name='for whom')),
                ('is_for_children', models.BooleanField(default=False, verbose_name='for children too')),
                ('usual_input_tokens', models.PositiveIntegerField(default=400, verbose_name='usual tokens in')),
                ('usual_output_tokens', models.PositiveIntegerField(default=600, verbose_name='usual tokens out')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
                ('scenario', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.scenario', verbose_name='scenario')),
            ],
            options={
                'verbose_name': 'assistant',
                'verbose_name_plural': 'assistants',
            },
        ),
        migrations.CreateModel(
            name='AssistantVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('prompt', models.TextField(verbose_name='prompt')),
                ('prompt_zh', models.TextField(blank=True, verbose_name='prompt in Chinese')),
                ('model_name', models.CharField(max_length=120, verbose_name='model')),
                ('max_output_tokens', models.PositiveIntegerField(blank=True, null=True, verbose_name='longest answer')),
                ('temperature', models.DecimalField(blank=True, decimal_places=2, max_digits=3, null=True, verbose_name='temperature')),
                ('longest_question_characters', models.PositiveIntegerField(blank=True, null=True, verbose_name='longest question')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('assistant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='usage.assistant', verbose_name='assistant')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='made by')),
            ],
            options={
                'verbose_name': 'version of an assistant',
                'verbose_name_plural': 'versions of assistants',
            },
        ),
        migrations.CreateModel(
            name='AssistantCall',
            fields=[
                ('call_id', models.UUIDField(primary_key=True, serialize=False, verbose_name='call')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='usage.assistantversion', verbose_name='version')),
            ],
        ),
        migrations.AddField(
            model_name='conversation',
            name='assistant_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='usage.assistantversion'),
        ),
        migrations.AddConstraint(
            model_name='assistant',
            constraint=models.UniqueConstraint(fields=('account', 'slug'), name='assistant_named_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='assistant',
            constraint=models.CheckConstraint(condition=models.Q(('audience', 'business'), ('is_for_children', True), _negated=True), name='assistant_for_no_children_of_businesses'),
        ),
        migrations.AddConstraint(
            model_name='assistantversion',
            constraint=models.UniqueConstraint(fields=('assistant', 'version'), name='assistant_version_once'),
        ),
        migrations.AddConstraint(
            model_name='assistantversion',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='assistant_version_counts'),
        ),
        migrations.AddConstraint(
            model_name='assistantversion',
            constraint=models.CheckConstraint(condition=models.Q(('prompt', ''), _negated=True), name='assistant_is_told_something'),
        ),
        migrations.AddConstraint(
            model_name='assistantversion',
            constraint=models.CheckConstraint(condition=models.Q(('temperature', None), models.Q(('temperature__gte', 0), ('temperature__lte', 2)), _connector='OR'), name='assistant_temperature'),
        ),
        migrations.AddConstraint(
            model_name='assistantversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('max_output_tokens', None), ('max_output_tokens__gte', 1), _connector='OR'), models.Q(('longest_question_characters', None), ('longest_question_characters__gte', 1), _connector='OR')), name='assistant_answers_something'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
