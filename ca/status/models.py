"""The revocation lists that were published."""

from django.db import models


class RevocationList(models.Model):
    """The latest revocation list of an authority; its predecessors are removed.

    issuer: as ``ca.authority.identity`` writes it. number: RFC 5280 §5.2.3.
    scheduled_at: when the latest list was published that no revocation called for, this one or one before.
    """

    issuer = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    der = models.BinaryField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    scheduled_at = models.DateTimeField()

    class Meta:
        """No number is given twice, whoever else publishes at the same time."""

        constraints = (models.UniqueConstraint(fields=("issuer", "number"), name="one_list_for_each_number"),)

    def __str__(self) -> str:
        return f"number {self.number} of {self.issuer[:8]}"
