"""Every command of the program: its name, the place of its code, and its line in the help.

One line a command, in the order in which the help shows them. Nothing is imported until a command runs,
so help and completion cost no more than click. A command stands here when it works, not before.
"""

from __future__ import annotations

from .lazy import Branch, Leaf, Tree

CYCLE: Tree = {
    "open": Leaf("mentorcycle.cli.cycle.open:open_", "Open the cycle of a pairing, or of many."),
    "goal": Leaf("mentorcycle.cli.cycle.goals:goal", "Set a goal, or change one."),
    "baseline": Leaf("mentorcycle.cli.cycle.goals:baseline", "Record where a goal's measure stood before."),
    "agree": Leaf("mentorcycle.cli.cycle.goals:agree", "Agree the goals, each for themselves."),
    "expectations": Leaf(
        "mentorcycle.cli.cycle.goals:expectations", "Record expectations and how often to meet."
    ),
    "focus": Leaf("mentorcycle.cli.cycle.lessons:focus", "Agree what to look at before a lesson."),
    "schedule": Leaf("mentorcycle.cli.cycle.lessons:schedule", "Say when an observation will be."),
    "reschedule": Leaf("mentorcycle.cli.cycle.lessons:reschedule", "Move an observation to another time."),
    "cancel-observation": Leaf(
        "mentorcycle.cli.cycle.lessons:cancel_observation", "Cancel a planned observation."
    ),
    "observe": Leaf("mentorcycle.cli.cycle.evidence:observe", "Record a lesson that was observed."),
    "debrief": Leaf("mentorcycle.cli.cycle.evidence:debrief", "Record the talk about an observation."),
    "step": Leaf("mentorcycle.cli.cycle.evidence:step", "Say what became of an action step."),
    "reflect": Leaf("mentorcycle.cli.cycle.sharing:reflect", "Write a reflection, each their own."),
    "assess": Leaf("mentorcycle.cli.cycle.goals:assess", "Say whether a goal was met."),
    "consent": Leaf("mentorcycle.cli.cycle.sharing:consent", "Say how widely celebrations may be shared."),
    "celebrate": Leaf("mentorcycle.cli.cycle.sharing:celebrate", "Record a celebration."),
    "checkin": Leaf("mentorcycle.cli.cycle.sharing:checkin", "Log a contact and its minutes."),
    "pause": Leaf("mentorcycle.cli.cycle.course:pause", "Stop a cycle's clocks."),
    "resume": Leaf("mentorcycle.cli.cycle.course:resume", "Let a paused cycle go on."),
    "cancel": Leaf("mentorcycle.cli.cycle.course:cancel", "End a cycle before it is completed."),
    "reopen": Leaf(
        "mentorcycle.cli.cycle.course:reopen", "Make a completed or cancelled cycle active again."
    ),
    "rematch": Leaf("mentorcycle.cli.cycle.partners:rematch", "Change the partner, or ask for it."),
    "extend": Leaf("mentorcycle.cli.cycle.course:extend", "Give the stage a later due date."),
    "correct": Leaf("mentorcycle.cli.cycle.correct:correct", "Correct fields of what was recorded."),
    "waive": Leaf("mentorcycle.cli.cycle.course:waive", "Do without a baseline or a debrief."),
    "next-cycle": Leaf("mentorcycle.cli.cycle.partners:next_cycle", "Open the cycle that follows."),
    "undo": Leaf("mentorcycle.cli.cycle.course:undo", "Take back the last advance."),
    "diagram": Leaf(
        "mentorcycle.cli.cycle.diagram:diagram", "Draw the cycle's definition, its stage marked."
    ),
}

TREE: Tree = {
    "list": Leaf("mentorcycle.cli.list:list_", "List cycles and where they stand."),
    "show": Leaf("mentorcycle.cli.show:show", "Show a cycle: stages, who must act, facts of the work."),
    "stalled": Leaf("mentorcycle.cli.stalled:stalled", "List cycles that have not moved on for too long."),
    "demo": Leaf("mentorcycle.cli.demo:demo", "Live a school year with 200 teachers and look at it."),
    "import": Leaf("mentorcycle.cli.roster:import_", "Import people from a roster."),
    "roster": Branch(
        "Rosters: check, compare, import.",
        {
            "import": Leaf("mentorcycle.cli.roster:import_", "Import people from a roster."),
            "template": Leaf("mentorcycle.cli.roster:template", "Print the header of the roster CSV."),
            "diff": Leaf("mentorcycle.cli.roster:diff", "Show what importing a roster would change."),
            "check": Leaf("mentorcycle.cli.roster:check", "Check a roster without importing it."),
        },
    ),
    "definition": Branch(
        "Definitions of cycles: check, show, publish.",
        {
            "list": Leaf("mentorcycle.cli.definition:list_", "List the definitions that were published."),
            "show": Leaf("mentorcycle.cli.definition:show", "Show a definition's stages and requirements."),
            "check": Leaf("mentorcycle.cli.definition:check", "Check a definition file."),
            "diagram": Leaf("mentorcycle.cli.definition:diagram", "Draw a definition as mermaid or dot."),
            "publish": Leaf("mentorcycle.cli.definition:publish", "Publish a definition file."),
        },
    ),
    "next": Leaf("mentorcycle.cli.next:next_", "Show what can be done now, and if not, why not."),
    "advance": Leaf("mentorcycle.cli.advance:advance", "Let one cycle or many leave their stage."),
    "cycle": Branch("Work in a cycle, and its course.", CYCLE),
    "person": Branch(
        "People: who there is, who comes and goes.",
        {
            "list": Leaf("mentorcycle.cli.people:list_", "List people."),
            "show": Leaf("mentorcycle.cli.people:show", "Show a person."),
            "workload": Leaf("mentorcycle.cli.people:workload", "Show who mentors how many."),
            "add": Leaf("mentorcycle.cli.person:add", "Add a person."),
            "change": Leaf("mentorcycle.cli.person:change", "Change what is known of a person."),
            "leave": Leaf("mentorcycle.cli.person:leave", "Record that somebody has left."),
            "return": Leaf("mentorcycle.cli.person:return_", "Record that somebody is back."),
            "merge": Leaf("mentorcycle.cli.person:merge", "Say that two records are one person."),
            "evaluator": Leaf("mentorcycle.cli.person:evaluator", "Say who evaluates whom."),
            "keep-apart": Leaf("mentorcycle.cli.person:keep_apart", "Never pair two people."),
        },
    ),
    "pair": Branch(
        "Pairings: publish, list and end them.",
        {
            "publish": Leaf("mentorcycle.cli.pair:publish", "Pair people."),
            "list": Leaf("mentorcycle.cli.pair_list:list_", "List open pairings."),
            "end": Leaf("mentorcycle.cli.pair:end", "End a pairing."),
        },
    ),
    "batch": Branch(
        "Batches: what was done together, and undoing it.",
        {
            "list": Leaf("mentorcycle.cli.batch:list_", "List batches."),
            "show": Leaf("mentorcycle.cli.batch:show", "Show what a batch did."),
            "undo": Leaf("mentorcycle.cli.batch:undo", "Take back a batch's advances."),
        },
    ),
    "audit": Branch(
        "What happened, what was so, and the proof of it.",
        {
            "log": Leaf("mentorcycle.cli.audit.log:log", "List events: who did what and when."),
            "replay": Leaf(
                "mentorcycle.cli.audit.replay:replay", "Rebuild a state from the log and compare."
            ),
            "as-of": Leaf("mentorcycle.cli.audit.as_of:as_of", "Show where everything stood at a moment."),
            "diff": Leaf("mentorcycle.cli.audit.diff:diff", "Show what changed between two moments."),
            "verify": Leaf(
                "mentorcycle.cli.audit.verify:verify", "Check the whole log and every read model."
            ),
        },
    ),
    "calendar": Branch(
        "School days: which count, and how many.",
        {
            "show": Leaf("mentorcycle.cli.calendar:show", "Show the weekend and the days that differ."),
            "close": Leaf("mentorcycle.cli.calendar:close", "Say that there is no school on some days."),
            "open": Leaf("mentorcycle.cli.calendar:open_", "Say that there is school on some days."),
            "days": Leaf("mentorcycle.cli.calendar:days", "Count school days between two dates."),
        },
    ),
    "db": Branch(
        "The store: make it, copy it, look after it. For whoever owns the file.",
        {
            "init": Leaf("mentorcycle.cli.db.init:init", "Make a store and its programme."),
            "upgrade": Leaf("mentorcycle.cli.db.upgrade:upgrade", "Bring an older store up to date."),
            "status": Leaf("mentorcycle.cli.db.status:status", "Show the store and its read models."),
            "backup": Leaf("mentorcycle.cli.db.copies:backup", "Copy the store to a file."),
            "restore": Leaf("mentorcycle.cli.db.copies:restore", "Make a backup the store."),
            "copy": Leaf("mentorcycle.cli.db.copy:copy", "Copy the whole log into another store."),
            "rebuild": Leaf("mentorcycle.cli.db.models:rebuild", "Build read models anew from the log."),
            "dead-letters": Branch(
                "Streams that a read model has set aside.",
                {
                    "list": Leaf("mentorcycle.cli.db.models:list_", "List them."),
                    "show": Leaf("mentorcycle.cli.db.models:show", "Show what is known of them."),
                    "retry": Leaf("mentorcycle.cli.db.models:retry", "Try to take them again."),
                    "discard": Leaf("mentorcycle.cli.db.models:discard", "Leave events out for good."),
                },
            ),
        },
    ),
    "worker": Branch(
        "Keep read models up to date, beside other workers.",
        {"status": Leaf("mentorcycle.cli.worker_status:status", "Show who keeps what, and how far it is.")},
        alone=Leaf("mentorcycle.cli.worker:worker", "Keep read models up to date, beside other workers."),
    ),
    "doctor": Leaf("mentorcycle.cli.doctor:doctor", "See whether everything is well, and what to do."),
    "completion": Leaf("mentorcycle.cli.completion:completion", "Print the completion script of a shell."),
    "version": Leaf("mentorcycle.cli.version:version", "Show the versions of the program and its parts."),
}

__all__ = ["TREE", "Branch", "Leaf"]
