"""A Django site whose tables lie in the database of the log: `DATABASE_URL` names it, for both.

On SQLite make the log first (`mentorcycle --db sqlite:///site.db db init`), then `python manage.py migrate`.
"""

import os

DATABASE_URL = os.environ.get("DATABASE_URL", "sqlite:///site.db")


def database(url: str) -> dict[str, object]:
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.removeprefix("sqlite:///"),
            # A transaction that begins by reading can no longer write once somebody else has written.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.get("dbname"),
        "USER": given.get("user") or "",
        "PASSWORD": given.get("password") or "",
        "HOST": given.get("host") or "",
        "PORT": given.get("port") or "",
    }


DATABASES = {"default": database(DATABASE_URL)}
INSTALLED_APPS = ["visits"]
ROOT_URLCONF = "urls"
SECRET_KEY = os.environ.get("SECRET_KEY", "for trying out only")
ALLOWED_HOSTS = ["localhost", "testserver"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
