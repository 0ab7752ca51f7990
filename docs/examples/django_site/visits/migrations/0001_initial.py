from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = (
        migrations.CreateModel(
            name="Visit",
            fields=(
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cycle", models.CharField(max_length=64)),
                ("room", models.CharField(max_length=40)),
                ("minutes", models.PositiveIntegerField()),
                ("command", models.CharField(max_length=64, unique=True)),
            ),
            options={
                "constraints": (
                    models.CheckConstraint(
                        condition=models.Q(("minutes__lte", 120)), name="two_hours_at_most"
                    ),
                )
            },
        ),
    )
