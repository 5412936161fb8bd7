"""A file with people, departments, projects and quotas."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from plans import bulk
from portal.kit import sentences


class BulkForm(forms.Form):
    """The file; its clean value is its text."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("CSV, at most 256 KB and 500 rows. Nothing is changed yet."),
    )

    def clean_file(self) -> str:
        """This will decode the file; what cannot be read is said at the field."""
        given: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            return bulk.decode(given.read(bulk.LARGEST_FILE_BYTES + 1))
        except (bulk.FileTooLarge, bulk.NotText) as refusal:
            raise forms.ValidationError(
                sentences.say(refusal.sentence, refusal.details), code=refusal.code
            ) from refusal
