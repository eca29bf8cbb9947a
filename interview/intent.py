"""What the employee means to do with the next words. The engine decides it; a voice words it."""

from dataclasses import dataclass
from enum import StrEnum


class IntentKind(StrEnum):
    """The closed set of employee intents."""

    # ordinary answers
    GREET = "greet"
    ANSWER = "answer"
    SELF_REVIEW = "self_review"
    EXPLAIN_CAUSE = "explain_cause"
    ACKNOWLEDGE_FACT = "acknowledge_fact"
    THANK = "thank"
    FEEL_HEARD = "feel_heard"
    ASK_MEANING = "ask_meaning"
    OFF_TOPIC = "off_topic"
    # reserve
    SHORT_ANSWER = "short_answer"
    GO_QUIET = "go_quiet"
    WITHDRAW = "withdraw"
    DEFLECT = "deflect"
    # resistance
    DEFEND = "defend"
    PUSH_BACK_FAIRNESS = "push_back_fairness"
    QUESTION_RATING = "question_rating"
    ASK_EVIDENCE = "ask_evidence"
    CORRECT_FACT = "correct_fact"
    ASK_MONEY = "ask_money"
    ASK_APPEAL = "ask_appeal"
    # the message
    TAKE_MESSAGE = "take_message"
    # answers to particular moves
    OBJECT_LABEL = "object_label"
    OBJECT_INSULT = "object_insult"
    OBJECT_BLAME = "object_blame"
    OBJECT_COMPARISON = "object_comparison"
    OBJECT_INTERRUPTION = "object_interruption"
    OBJECT_THREAT = "object_threat"
    OBJECT_DISMISSAL = "object_dismissal"
    OBJECT_PRYING = "object_prying"
    OBJECT_REPEAT = "object_repeat"
    TIRED_OF_EMPATHY = "tired_of_empathy"
    TIRED_OF_QUESTIONS = "tired_of_questions"
    DOUBT_PROMISE = "doubt_promise"
    NOTE_DISOWNED = "note_disowned"
    ASK_CONCRETE = "ask_concrete"
    TAKE_APOLOGY = "take_apology"
    # what lies behind
    HINT_CONCERN = "hint_concern"
    REVEAL_CONCERN = "reveal_concern"
    ELABORATE_CONCERN = "elaborate_concern"
    CONCERN_EASED = "concern_eased"
    # the way forward
    ASK_WHAT_NEXT = "ask_what_next"
    ASK_SUPPORT = "ask_support"
    ACCEPT_PARTLY = "accept_partly"
    PROPOSE = "propose"
    COMMIT = "commit"
    STILL_DISAGREE = "still_disagree"
    TAKE_BREAK = "take_break"
    CLOSE_GOOD = "close_good"
    CLOSE_COLD = "close_cold"
    WALK_OUT = "walk_out"


@dataclass(frozen=True, slots=True)
class Intent:
    """One decision. ``about`` names the concern, metric, incident, topic or message part it is about; may be empty.

    ``also`` is a second, smaller thing done in the same breath (a hint after an answer); None for most turns.
    """

    kind: IntentKind
    about: str = ""
    also: IntentKind | None = None
    also_about: str = ""
