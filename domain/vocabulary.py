"""The closed lists of the field: every choice that is not free text has its words here.

Not for stages, which are data of a definition. Values are stored in history: they are never renamed.
"""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """Whether a cycle runs; orthogonal to its stage."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class Visibility(Enum):
    """Who may see a field: the pair, whoever may see that something happened, or everyone."""

    PAIR = "pair"
    ACTIVITY = "activity"
    PUBLIC = "public"


class TeachingArea(Enum):
    CLASSROOM_MANAGEMENT = "classroom-management"
    DIFFERENTIATED_INSTRUCTION = "differentiated-instruction"
    ENGAGEMENT = "engagement"
    ASSESSMENT = "assessment"
    PLANNING = "planning"
    QUESTIONING = "questioning"
    LANGUAGE_LEARNERS = "language-learners"
    SPECIAL_EDUCATION = "special-education"
    TECHNOLOGY = "technology"
    RELATIONSHIPS = "relationships"
    CONTENT_KNOWLEDGE = "content-knowledge"
    FAMILY_PARTNERSHIP = "family-partnership"


class Unit(Enum):
    """What a number of a goal counts."""

    PERCENT = "percent"
    COUNT = "count"
    MINUTES = "minutes"
    POINTS = "points"
    RATIO = "ratio"
    LEVEL = "level"


class Direction(Enum):
    INCREASE = "increase"
    DECREASE = "decrease"
    MAINTAIN = "maintain"


class MeasureSource(Enum):
    OBSERVATION = "observation"
    ASSESSMENT = "assessment"
    SURVEY = "survey"
    RECORDS = "records"
    SELF_REPORT = "self-report"


class CollectionMethod(Enum):
    """How evidence is collected in a lesson; agreed before it."""

    SCRIPT = "script"
    VERBAL_FLOW = "verbal-flow"
    TRAFFIC_MAP = "traffic-map"
    AT_TASK_SCAN = "at-task-scan"
    TALLY = "tally"
    VIDEO_MARKER = "video-marker"
    TIME_ON_TASK = "time-on-task"
    OPPORTUNITIES_TO_RESPOND = "opportunities-to-respond"
    INTERACTION_RATIO = "interaction-ratio"
    DISRUPTIONS = "disruptions"


class EvidenceKind(Enum):
    DESCRIPTION = "description"
    JUDGEMENT = "judgement"


class Mode(Enum):
    """How people met or how a lesson was seen."""

    IN_PERSON = "in-person"
    LIVE_VIDEO = "live-video"
    RECORDING = "recording"
    PHONE = "phone"
    WRITTEN = "written"


class ContactKind(Enum):
    CHECK_IN = "check-in"
    CO_PLANNING = "co-planning"
    VISIT = "visit"
    VIRTUAL_MEETING = "virtual-meeting"
    OTHER = "other"


class Formality(Enum):
    FORMAL = "formal"
    INFORMAL = "informal"


class Assessment(Enum):
    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not-met"
    DROPPED = "dropped"


class StepOutcome(Enum):
    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not-done"


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Audience(Enum):
    """Who hears of a celebration, from narrow to wide."""

    PAIR = "pair"
    GROUP = "group"
    SCHOOL = "school"
    PUBLIC = "public"

    @property
    def width(self) -> int:
        """0 for the narrowest."""
        return _WIDTHS[self]


_WIDTHS = {audience: width for width, audience in enumerate(Audience)}


class PauseReason(Enum):
    """No health data is ever typed in: a leave is a leave."""

    LEAVE = "leave"
    SCHOOL_EVENT = "school-event"
    WORKLOAD = "workload"
    SCHEDULING = "scheduling"
    OTHER = "other"


class CancelReason(Enum):
    LEFT_SCHOOL = "left-school"
    CHANGED_ROLE = "changed-role"
    WITHDREW = "withdrew"
    OPENED_BY_MISTAKE = "opened-by-mistake"
    PROGRAMME_ENDED = "programme-ended"


class ReopenReason(Enum):
    CLOSED_BY_MISTAKE = "closed-by-mistake"
    WORK_CONTINUES = "work-continues"
    RECORD_INCOMPLETE = "record-incomplete"


class ExtendGround(Enum):
    ABSENCE = "absence"
    SCHEDULING = "scheduling"
    SCHOOL_EVENT = "school-event"
    MORE_EVIDENCE = "more-evidence"


class CorrectionReason(Enum):
    TYPING_ERROR = "typing-error"
    WRONG_DATE = "wrong-date"
    WRONG_PERSON = "wrong-person"
    WRONG_VALUE = "wrong-value"
    LATE_ENTRY = "late-entry"


class WaiverReason(Enum):
    NOT_MEASURABLE_YET = "not-measurable-yet"
    NEW_CLASS = "new-class"
    ABSENCE = "absence"
    TRANSFERRED = "transferred"
    OTHER_RECORD = "other-record"


class ObservationCancelReason(Enum):
    ABSENCE = "absence"
    SCHEDULE_CHANGE = "schedule-change"
    SCHOOL_CLOSED = "school-closed"
    OBSERVED_ASKED = "observed-asked"


class LeaveReason(Enum):
    LEAVE = "leave"
    LEFT_SCHOOL = "left-school"
    RETIRED = "retired"
    CHANGED_ROLE = "changed-role"


class PairingKind(Enum):
    PAIR = "pair"
    RECIPROCAL = "reciprocal"
    GROUP = "group"


class Role(Enum):
    """The hat an actor wears; what a participant is in a cycle (mentee, mentor) the cycle itself knows."""

    PARTICIPANT = "participant"
    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    SYSTEM = "system"


class Known(Enum):
    """How the actor is known to be who they say."""

    ASSERTED = "asserted"
    AUTHENTICATED = "authenticated"
