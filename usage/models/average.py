"""What things of everyday life take an account, measured from its own calls."""

from django.db import models


class OwnAverage(models.Model):
    """How many tokens something of everyday life takes one account on average; as `LifeAverage`, for itself alone."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    kind = models.SlugField()
    calls = models.PositiveIntegerField()
    in_fresh = models.PositiveIntegerField()
    out_text = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("account", "kind"), name="own_average_once"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}"
