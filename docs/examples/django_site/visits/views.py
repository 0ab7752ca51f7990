"""Booking a visit: a row of ours and a contact in the cycle, both or neither."""

import json
import logging

from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CommandReused, Conflict, NotFound, StoreUnavailable
from mentorcycle.domain.refusal import Refused

from .mentoring import engine, joined
from .models import Visit

log = logging.getLogger(__name__)


@csrf_exempt  # a real site knows who asks; see the documentation of Django
@require_POST
def book(request: HttpRequest) -> JsonResponse:
    """Log a contact of a pair and book the room it was in. The same `command` again books nothing more."""
    asked = json.loads(request.body)
    actor = Actor.participant(asked["actor"])
    contact = c.LogContact(asked["cycle"], asked["minutes"])
    try:
        with transaction.atomic(), joined() as unit:
            answer = unit.execute(contact, actor, command_id=asked["command"])
            if isinstance(answer, Refused):
                return JsonResponse({"reasons": [reason.what for reason in answer.refusals]}, status=409)
            if not answer.repeated:
                Visit.objects.create(
                    cycle=asked["cycle"],
                    room=asked["room"],
                    minutes=asked["minutes"],
                    command=answer.command_id,
                )
                unit.on_commit(lambda: log.info("room %s is booked", asked["room"]))
    except NotFound as error:
        return JsonResponse({"reasons": [str(error)]}, status=404)
    except (Conflict, CommandReused, IntegrityError) as error:
        return JsonResponse({"reasons": [str(error)]}, status=409)
    try:
        (receipt,) = unit.receipts()
    except (
        StoreUnavailable
    ):  # it is committed; on PostgreSQL a transaction elsewhere may hold its position back
        return JsonResponse({"command": asked["command"]}, status=202)
    return JsonResponse({"command": receipt.command_id, "position": receipt.last}, status=201)


@require_GET
def rooms(request: HttpRequest) -> JsonResponse:
    """The rooms of a cycle, beside the minutes that the cycle knows of."""
    cycle = request.GET["cycle"]
    try:
        contacts = engine().cycle(cycle, Actor.participant(request.GET["actor"])).contacts
    except NotFound as error:
        return JsonResponse({"reasons": [str(error)]}, status=404)
    booked = Visit.objects.filter(cycle=cycle).order_by("id").values_list("room", "minutes")
    return JsonResponse({"rooms": list(booked), "contacts": [contact.minutes for contact in contacts]})
