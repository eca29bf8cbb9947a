"""Managers' spoken English, good and bad, from many trades, UK and US: what must be read and what must not."""

import pytest
import yaml

from interview.moves import HARMS
from interview.reading.moves import RuleMoveReader
from tests.conftest import ROOT

READER = RuleMoveReader()
NEVER = {str(kind) for kind in HARMS} | {"promise_beyond_authority", "disowns_decision", "kind_but_vague", "lets_off"}

# (what the manager says, what was said before, kinds it must hold, kinds it must not).
# Where no harmful kind is expected, none may be read at all. "kind:detail" asks for the detail too.
GOOD: list[tuple[str, str, str, str]] = [
    # opening, rapport, asking first
    ("Morning, Priya, come on in. Did you get something to eat?", "", "rapport", "pries"),
    ("Thanks for making time, I know Thursdays are mad on the ward.", "", "rapport", "affirmation"),
    (
        "So, we've got about forty-five minutes. I thought we'd do your side first, then mine, then what's next.",
        "",
        "step_marker:opening",
        "plan commitment",
    ),
    ("Before I get into mine, I'd love to hear how you'd sum up the season.", "", "open_question", "advice"),
    ("What were you expecting?", "", "open_question", "blame"),
    ("What were you expecting when you opened the letter?", "", "open_question", "blame"),
    ("Which bits of the year are you happiest with, and which would you do over?", "", "open_question", "blame"),
    ("How did the spring rota look from where you were standing?", "", "open_question", "evidence"),
    ("Could you talk me through how you handled the Whitlock order?", "", "open_question", "advice"),
    ("Why do you think the second shift struggled more than the first?", "", "open_question", "blame"),
    ("Where do you reckon it started to slip?", "", "open_question diagnoses_cause", "blame"),
    ("Is there anything you'd like to add before I carry on?", "", "closed_question", "interruption"),
    ("Does that match what you remember?", "", "closed_question", ""),
    ("Go ahead, I'm not in a hurry.", "", "encourager", ""),
    ("Mm. And then?", "", "encourager", ""),
    ("Sorry, you were saying. Please finish.", "", "encourager", "interruption"),
    # taking up, empathy
    (
        "So it wasn't the paperwork that got you, it was finding out from the noticeboard.",
        "They put my name on the board before anyone told me.",
        "reflection",
        "dismissal",
    ),
    (
        "You ended up running the kitchen and the bookings on your own, then.",
        "Marco left and nobody replaced him, so I did the bookings as well.",
        "reflection",
        "label",
    ),
    (
        "If I've got this right, the handover was fine until the supplier went quiet.",
        "The supplier stopped answering and the handover fell apart.",
        "reflection",
        "",
    ),
    (
        "Sounds like every time you got ahead, someone moved the line.",
        "The target changed three times.",
        "reflection",
        "",
    ),
    (
        "I hear that the night shifts came on top of everything, and nobody asked you first.",
        "They gave me the nights without a word.",
        "reflection",
        "empathy:hollow",
    ),
    ("I hear that, and you've every right to be annoyed about how you found out.", "", "empathy", "empathy:hollow"),
    ("Being passed over after all those weekends would sting for anybody.", "", "empathy", ""),
    ("That's a lot to take in on a Monday morning.", "", "empathy", ""),
    ("I can tell this isn't what you were hoping for.", "", "empathy", "empathy:hollow"),
    ("It can't be easy hearing this in your first week back.", "", "empathy", ""),
    ("I'd be frustrated too, if I'd put that many hours in.", "", "empathy", ""),
    ("No wonder you're fed up, you've been covering two posts since Easter.", "", "empathy", ""),
    ("I understand.", "", "empathy:hollow", ""),
    ("I totally get where you're coming from.", "", "empathy:hollow", ""),
    # affirmation
    ("It took courage to say that.", "I was scared to tell you.", "affirmation", "dismissal"),
    ("It took guts to flag that in front of the whole board.", "", "affirmation", ""),
    ("I thought the way you calmed that family down was first class.", "", "affirmation", ""),
    ("You kept the line running when half the crew was out sick, and I noticed.", "", "affirmation", ""),
    ("The parents still bring up how you handled the trip to Wales.", "", "affirmation", ""),
    ("Your stock count was the cleanest in the region.", "", "affirmation", "comparison"),
    ("Credit where it's due: the Henley install was your doing and it ran like clockwork.", "", "affirmation", "blame"),
    ("Thank you for staying on with Mrs Doyle that night.", "", "affirmation", "rapport"),
    ("I appreciate you saying so.", "", "affirmation", "advice"),
    ("Nice one.", "", "affirmation:generic", ""),
    # apology
    ("I'm sorry, I should have told you in June when I first heard.", "", "apology", "blame"),
    ("I owe you an apology for how that went in the team meeting.", "", "apology", ""),
    ("That one's on me, I never passed the brief along.", "", "apology", "disowns_decision blame"),
    ("Sorry, that was a poor way to put it.", "", "apology", "label"),
    # message, evidence, expectation
    ("I'll come straight to it: the rating is Partly Meets.", "", "delivers_message", ""),
    ("You've come out as a two this year.", "", "delivers_message", ""),
    ("The promotion hasn't gone through this time.", "", "delivers_message", ""),
    ("I've put you down as below standard for the second half.", "", "delivers_message", "label"),
    ("There won't be a bonus this year, and I want you to hear it from me.", "", "delivers_message", "threat"),
    (
        "We're starting a formal improvement plan today; it runs until the end of March.",
        "",
        "delivers_message",
        "threat",
    ),
    ("We aimed for ninety covers a night and finished on seventy-one.", "", "evidence", "kind_but_vague"),
    ("On the 14th of March the ward round started forty minutes late.", "", "evidence", "blame"),
    ("Three of the last five audits came back with the same gap.", "", "evidence", "blame"),
    ("We'd said twelve new accounts by June, and it came to eight.", "", "evidence", "commitment"),
    ("The sign-in sheet has you after nine on six days in October.", "", "evidence", "threat"),
    (
        "Average handling time across the floor is five minutes ten; yours is seven thirty.",
        "",
        "evidence",
        "comparison",
    ),
    ("From Monday I need every report in by noon.", "", "expectation", "threat"),
    ("By the end of the quarter, I'd want to see complaints under three a week.", "", "expectation", "threat"),
    ("For this grade, two signed-off jobs a day is the minimum.", "", "expectation", "threat"),
    (
        "If we're not at eighty-five by the thirtieth, the next step is a formal review meeting with HR.",
        "",
        "delivers_message",
        "threat",
    ),
    # differing
    (
        "You're right about the staffing, and I've said so upstairs. Even so, the error rate we agreed was two percent.",
        "We were three people down all autumn.",
        "agree_before_differ",
        "dismissal disowns_decision",
    ),
    (
        "Fair enough, the system was down that week. It still leaves four orders that went out wrong.",
        "The system was down.",
        "agree_before_differ",
        "blame",
    ),
    (
        "We may have to agree to differ on this one. You can put your side in writing and it goes on file.",
        "",
        "offers_appeal",
        "dismissal",
    ),
    (
        "If you think this is wrong, there's an appeal, and I can show you how it works.",
        "",
        "offers_appeal",
        "threat support_offer:hollow",
    ),
    ("I gave you this rating, and I'm happy to explain it.", "", "", "disowns_decision"),
    ("This was my decision, nobody else's.", "", "", "disowns_decision"),
    ("It's not me you have to convince, it's the numbers.", "", "", "disowns_decision"),
    ("Tell me if it's not me you'd rather go through this with.", "", "", "disowns_decision"),
    # cause
    ("Was that about not knowing the new till, or about there being no one to ask?", "", "diagnoses_cause", "blame"),
    ("What made the difference between the weeks that worked and the weeks that didn't?", "", "diagnoses_cause", ""),
    ("What was getting in your way?", "", "diagnoses_cause", "blame"),
    ("Do you think it's a training thing, or is there just too much on the list?", "", "diagnoses_cause", ""),
    ("What would have had to be different for it to land on time?", "", "diagnoses_cause", "blame"),
    ("Which part of the job eats most of your week?", "", "open_question", "pries"),
    # plan, support, commitment
    ("How about you take the morning calls and hand the afternoon ones to Dev for now?", "", "plan", "comparison"),
    (
        "So you'll draft the checklist by Wednesday, and I'll get it past compliance.",
        "",
        "plan commitment",
        "support_offer:hollow",
    ),
    ("Let's try two site visits a week for the next month and see what comes back.", "", "plan", "lets_off"),
    ("Say we cut the list down to your top five clients first.", "", "plan", "advice"),
    ("I'll have a word with procurement so you're not chasing parts.", "", "support_offer", "promise_beyond_authority"),
    ("I can free you up from the Tuesday stand-up.", "", "support_offer", "threat"),
    ("Would it help to have Lena shadow you for a fortnight?", "", "support_offer", "advice"),
    (
        "I'll sit down with you every other Friday, half an hour, and we go through the list.",
        "",
        "support_offer commitment",
        "",
    ),
    ("I'll email you the exact figure by close of play tomorrow.", "", "commitment", "promise_beyond_authority"),
    ("Shall we say the ninth, same time, and look at where we are?", "", "commitment", ""),
    (
        "I'll put your name forward, but the panel decides and I can't promise you anything.",
        "",
        "support_offer",
        "promise_beyond_authority disowns_decision",
    ),
    ("You might want to loop in the night manager earlier.", "", "advice", "plan"),
    ("If I were you I'd ring the client before you email.", "", "advice", "empathy"),
    # closing
    ("Let's leave it there for today.", "", "step_marker:closing", "lets_off interruption"),
    ("Let's leave it there for today, and pick it up on Tuesday.", "", "step_marker:closing", "lets_off"),
    (
        "I think that's a good place to stop. Thanks for being so straight with me.",
        "",
        "step_marker:closing",
        "interruption",
    ),
    ("Before we wrap up, what are you taking away from this?", "", "step_marker:closing open_question", ""),
    (
        "To recap: you own the checklist, I own the staffing request, and we meet on the ninth.",
        "",
        "step_marker:commitment",
        "",
    ),
    # good things that sound like bad ones
    ("I don't think you're lazy, far from it.", "", "", "label"),
    ("Nobody's saying you don't care.", "", "", "label"),
    ("I never thought of you as difficult.", "", "", "label"),
    ("You've had a difficult year, and you said so early.", "", "", "label"),
    ("This isn't about blame.", "", "", "blame"),
    ("You always bring the new starters in so well.", "", "affirmation", "blame"),
    ("You keep a very tidy ledger.", "", "", "blame"),
    (
        "You keep coming back to the rota. What about it bothers you?",
        "The rota. It's always the rota.",
        "open_question",
        "blame",
    ),
    ("You never got an answer from me, and you should have.", "", "", "blame advice"),
    ("Everyone on this floor gets measured against the same two goals.", "", "", "comparison"),
    ("Compared with your own first half, the second half is up by a third.", "", "", "comparison"),
    ("You don't need to tell me anything private.", "", "", "pries advice"),
    ("If there's something outside work I should plan around, tell me only as much as you like.", "", "", "pries"),
    ("Nobody's job is on the line here.", "", "", "threat"),
    ("You're not on thin ice.", "", "", "threat"),
    ("I'm not going to fire you over this.", "", "", "threat"),
    ("I can't guarantee the promotion, but I'll make the case in March.", "", "", "promise_beyond_authority"),
    ("I don't want to rush you, take your time.", "", "encourager", "interruption"),
    ("Stop me if I've got that wrong.", "", "", "interruption"),
    ("Let me stop there and hear what you think.", "", "open_question", "interruption"),
    ("You were cut off just now, go on.", "", "encourager", "interruption"),
    ("That isn't an excuse, it's a reason, and I'm writing it down.", "", "", "dismissal"),
    ("It's not fair that you found out that way.", "", "empathy", "dismissal"),
    ("It is a big deal, and I'm not going to pretend otherwise.", "", "", "dismissal lets_off"),
    ("You have every reason to be upset.", "", "empathy", "dismissal"),
    ("We'll leave the money for a second and come back to it.", "", "", "lets_off"),
    ("What would make next year a better one for you?", "", "open_question", "kind_but_vague"),
    (
        "I want you to keep going with the Monday calls, because repeat orders are up nine percent.",
        "",
        "",
        "kind_but_vague",
    ),
    ("HR will send you the letter tomorrow, but the decision is mine.", "", "", "disowns_decision"),
    ("The committee looked at it for an hour; I backed the outcome and I'll explain it.", "", "", "disowns_decision"),
    ("Do you have kids' sizes in stock this quarter?", "", "closed_question", "pries"),
    ("How are things at the Leeds site?", "", "open_question", "pries"),
    ("Is everything ready at your end for the audit?", "", "closed_question", "pries"),
    ("Did the dead wood get cleared from the north path?", "", "closed_question", "label"),
    ("It was no waste of time, that trial told us plenty.", "", "", "insult"),
    ("The old scanner is useless, I've ordered another.", "", "", "insult"),
    # a second round, other words
    ("How did that land with you?", "", "open_question", ""),
    ("What's your read on the second half?", "", "open_question", ""),
    ("Were you given enough notice about the audit?", "", "closed_question", "pries"),
    ("I wonder what it was like being the only one on the phones.", "", "open_question", ""),
    (
        "So the hours weren't the issue; the issue was nobody telling you.",
        "Nobody told me the hours would change.",
        "reflection",
        "",
    ),
    ("It must be galling to see someone else's name on it.", "", "empathy", ""),
    ("I can see this has knocked you.", "", "empathy", ""),
    ("You did a cracking job with the Meadow Lane tenants.", "", "affirmation", ""),
    ("I was really pleased with how you dealt with the flood.", "", "affirmation", ""),
    ("I hold my hands up, I left that far too late.", "", "apology", ""),
    ("I got that wrong and I'd like to put it right.", "", "apology", ""),
    (
        "The panel has decided not to promote you this round; I agreed with that.",
        "",
        "delivers_message",
        "disowns_decision",
    ),
    ("Your overall grade is a C.", "", "delivers_message", ""),
    ("You're not getting the supervisor post.", "", "delivers_message", "label"),
    ("You signed off nineteen of the thirty inspections.", "", "evidence", ""),
    ("Two guests wrote in about the wait in July.", "", "evidence", ""),
    ("Going forward, all handovers need to be written up before you leave.", "", "expectation", ""),
    ("I'm looking for no more than two returns a month.", "", "expectation", ""),
    (
        "I take the point about the weather, but even on the dry days we were under forty.",
        "The weather was dreadful.",
        "agree_before_differ",
        "",
    ),
    ("You can ask for someone else to look at this again.", "", "offers_appeal", ""),
    ("What's stopping the forms getting in on time?", "", "diagnoses_cause", ""),
    ("Is it that the tool's slow or that nobody's shown you the shortcuts?", "", "diagnoses_cause", ""),
    ("Let's have you shadow Grace on Tuesdays until the end of May.", "", "plan", ""),
    ("You take the first call on your own, and I listen in.", "", "plan", ""),
    ("I'll ask Finance to move the cut-off by two days.", "", "support_offer", ""),
    ("Leave the rota to me, I'll sort it.", "", "support_offer", ""),
    ("We'll meet on the 3rd and look at the numbers again.", "", "commitment", "lets_off"),
    ("That's all from me. Anything you want to add?", "", "closed_question", "interruption"),
    ("You could always ring them first.", "", "advice", "blame"),
    ("You've never once complained, and I've seen how much you carry.", "", "", "blame"),
    ("Don't be hard on yourself, but the numbers did slip.", "", "", "dismissal"),
    ("I don't want you to feel blamed.", "", "", "blame"),
    ("Did your kids enjoy the open day at work?", "", "", ""),
    ("Nobody here thinks you're stupid.", "", "", "label insult"),
    ("I'm not going to compare you with anyone.", "", "", "comparison"),
    ("You weren't the only one who found it hard.", "", "", "comparison dismissal"),
    ("You tell me where I've got it wrong.", "", "", "apology"),
    ("I've got you down as Meets for the year.", "", "delivers_message", ""),
    ("We agreed twelve and three are done.", "", "evidence", "step_marker:commitment"),
    ("If we're not at eight by then, we'd sit down with HR and look at what's realistic.", "", "delivers_message", ""),
    ("I take you off the rota every other week so you've two clear days.", "", "support_offer", "reflection"),
    ("You've put a real shift in this year.", "", "affirmation", ""),
    ("Let's call it there.", "", "step_marker:closing", "lets_off"),
    ("Right, so you send me the three by Thursday.", "", "commitment", "reflection"),
]
BAD: list[tuple[str, str, str, str]] = [
    ("Honestly, you're a bit of a nightmare to manage.", "", "label", ""),
    ("You've got a real attitude on you.", "", "label", ""),
    ("You're just not a details person, are you?", "", "label", ""),
    ("You're hopeless with customers.", "", "label", ""),
    ("It's always something with you.", "", "blame", ""),
    ("Well, whose fault is it, then?", "", "blame", "open_question"),
    ("You've let the whole team down.", "", "blame", ""),
    ("Why on earth didn't you say anything?", "", "blame", "open_question"),
    ("How did you manage to mess up something that simple?", "", "blame", "open_question"),
    ("You should have known better.", "", "blame", "apology"),
    ("Did you even read the brief?", "", "blame", ""),
    ("Jo manages it with two kids and half your hours.", "", "comparison", ""),
    ("Nobody else on the team has a problem with it.", "", "comparison", ""),
    ("The new girl picked it up in a week.", "", "comparison", "affirmation"),
    ("If Tariq can do it, so can you.", "", "comparison", ""),
    ("I didn't ask for your life story.", "", "interruption dismissal", ""),
    ("Yeah, yeah, let me talk.", "", "interruption", "encourager"),
    ("Hang on, I wasn't done.", "", "interruption", "encourager"),
    ("You can sign it or you can clear your desk.", "", "threat", "plan"),
    ("There are fifty people who'd bite my hand off for your job.", "", "threat", ""),
    ("I'd think very carefully about your future here.", "", "threat", "reflection"),
    ("One more slip and you're gone.", "", "threat", ""),
    ("If I were you I'd start polishing my CV.", "", "threat", "empathy"),
    ("Oh, come on, it's not that deep.", "", "dismissal", ""),
    ("You're reading too much into it.", "", "dismissal", ""),
    ("I don't see what the fuss is about.", "", "dismissal", ""),
    ("You knew what you signed up for.", "", "dismissal", ""),
    ("That's life, I'm afraid.", "", "dismissal", ""),
    ("Don't take it personally.", "", "dismissal", ""),
    ("You'll have the senior title by summer, you have my word.", "", "promise_beyond_authority", ""),
    ("Don't worry, your job's safe, I'll see to that.", "", "promise_beyond_authority", ""),
    ("Next review you're getting the top mark, trust me.", "", "promise_beyond_authority", ""),
    ("Look, it came from above, I just pass it on.", "", "disowns_decision", ""),
    ("Between you and me, I'd have given you the higher one.", "", "disowns_decision", ""),
    ("It wasn't me, it was the panel.", "", "disowns_decision", ""),
    ("I'm only telling you what HR told me.", "", "disowns_decision", ""),
    ("Just keep plugging away and it'll come.", "", "kind_but_vague", "plan"),
    ("You just need to be a bit more of a leader.", "", "kind_but_vague", ""),
    ("All in all, not bad at all.", "", "kind_but_vague", ""),
    ("Try and step up a bit next year, yeah?", "", "kind_but_vague", ""),
    ("Don't lose any sleep over the target.", "", "lets_off", ""),
    ("Let's just forget about the late ones.", "", "lets_off", ""),
    ("It's only a number, I wouldn't read much into it.", "", "lets_off", ""),
    ("Is it trouble with the boyfriend?", "", "pries", "closed_question"),
    ("Are you expecting?", "", "pries", "closed_question"),
    ("Is this a menopause thing?", "", "pries", ""),
    ("You've not been well, have you? What's the matter with you, exactly?", "", "pries", ""),
    ("Are you and your husband okay?", "", "pries", ""),
    ("Are you thinking of having another baby?", "", "pries", ""),
    ("What a complete waste of space.", "", "insult", ""),
    ("My dog could do your job.", "", "insult", ""),
    ("You've clearly got no idea what you're doing.", "", "label", ""),
    ("You're not cut out for management.", "", "label", ""),
    ("You're so negative about everything.", "", "label", ""),
    ("It's because of you we lost Hartley.", "", "blame", ""),
    ("You messed up, plain and simple.", "", "blame", ""),
    ("Even the interns get this right.", "", "comparison", ""),
    ("Your predecessor never had this problem.", "", "comparison", ""),
    ("Zip it and listen.", "", "interruption", ""),
    ("Don't bother coming in on Monday if that's your attitude.", "", "threat", ""),
    ("I could have you out of here tomorrow.", "", "threat", ""),
    ("Oh, cheer up, it might never happen.", "", "dismissal", ""),
    ("You think you've got it bad?", "", "dismissal", ""),
    ("Stop being so touchy.", "", "dismissal", ""),
    ("I'll make sure you're bumped up a grade next year.", "", "promise_beyond_authority", ""),
    ("It's out of my hands.", "", "disowns_decision", ""),
    ("Blame head office, not me.", "", "disowns_decision", ""),
    ("Keep doing what you do.", "", "kind_but_vague", ""),
    ("Just be more positive.", "", "kind_but_vague", ""),
    ("Ah, we'll call it bad luck and move on.", "", "lets_off", ""),
    ("Are you on something?", "", "pries", ""),
    ("Have you got problems at home?", "", "pries", ""),
    ("You absolute muppet.", "", "insult", ""),
    ("Your numbers are rubbish.", "", "insult", ""),
    ("You kind of brought this on yourself.", "", "blame", ""),
]


def read(text: str, before: str) -> set[str]:
    """Kinds that count, also as ``kind:detail``."""
    found = [m for m in READER.read(text, "en", before).moves if m.strength >= 0.5]
    return {str(m.kind) for m in found} | {f"{m.kind}:{m.detail}" for m in found if m.detail}


@pytest.mark.parametrize(
    "text",
    [
        "You were entitled to that leave and nobody holds it against you.",
        "I've worked next to you for years, you don't skip checks.",
        "Let me talk to sales ops about it this week.",
        "If you need days moved, say so, that's enough.",
    ],
)
def test_words_that_can_hurt_do_not_where_they_mean_something_else(text: str) -> None:
    assert not [m for m in READER.read(text, "en").moves if m.kind in HARMS]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You're entitled.", "label"),
        ("Next to Tom you look slow.", "comparison"),
        ("Let me talk.", "interruption"),
        ("That's enough.", "interruption"),
    ],
)
def test_the_same_words_said_to_hurt_do(text: str, kind: str) -> None:
    assert kind in {str(m.kind) for m in READER.read(text, "en").moves}


@pytest.mark.parametrize(("text", "before", "must", "must_not"), GOOD + BAD)
def test_what_is_read(text: str, before: str, must: str, must_not: str) -> None:
    found = read(text, before)
    assert set(must.split()) <= found, f"missing in {sorted(found)}"
    assert not set(must_not.split()) & found


@pytest.mark.parametrize(("text", "before"), [(text, before) for text, before, _, _ in GOOD])
def test_decent_sentences_hold_no_harm(text: str, before: str) -> None:
    assert not read(text, before) & NEVER


def test_no_english_wording_is_read_as_advice() -> None:
    library = yaml.safe_load((ROOT / "phrasing" / "lines" / "en.yaml").read_text(encoding="utf-8"))
    texts = [w["text"] for part in ("moves", "steps", "cues") for ws in library[part].values() for w in ws]
    assert len(texts) > 300
    assert [t for t in texts if "advice" in read(t, "")] == []
