"""What the site knows and the cycle does not: in which room a pair met."""

from django.db import models


class Visit(models.Model):
    """A meeting of a pair; `command` is the id of the command that logged it in their cycle."""

    cycle = models.CharField(max_length=64)
    room = models.CharField(max_length=40)
    minutes = models.PositiveIntegerField()
    command = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(minutes__lte=120), name="two_hours_at_most"),
        )
