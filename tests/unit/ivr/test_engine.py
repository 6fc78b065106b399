from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from gateway.ivr.engine import (
    Act,
    ActionDone,
    Begin,
    DialogueState,
    End,
    Finished,
    FlowEngine,
    HungUp,
    Key,
    Say,
    Silence,
    SpeechBegan,
    Wait,
    WordsHeard,
)
from gateway.ivr.schema import Named

from .flows import flows, write_flow

pytestmark = pytest.mark.unit

ASKING = """
- {do: say, id: welcome, say: [hello]}
- do: listen
  id: demand
  say: [number]
  again: [again]
  attempts: 2
  keys:
    2:
      label: {zh: 企业, en: Business}
      then: [{do: act, action: set_line, args: {line: enterprise}}, {do: goto, to: demand}]
  spoken:
    - {words: [人工], then: [{do: goto, to: person}]}
  languages:
    en: [{do: act, action: set_language, args: {language: en}}]
  no_answer: [{do: end, id: nobody, disposition: abandoned_in_flow}]
- do: act
  id: register
  action: register_ticket
  outcomes:
    failed: [{do: end, id: later, disposition: interrupted}]
- {do: say, id: number, say: [digits: ticket_no], barge_in: false}
- {do: end, id: done, disposition: completed}
- {do: act, id: person, action: request_callback, args: {reason: asked}}
- {do: end, id: called, disposition: callback_requested}
"""


def run(engine, state, *events):
    outputs = ()
    for event in events:
        state, outputs = engine.step(state, event)
    return state, outputs


def said(outputs):
    return [item.id for output in outputs if isinstance(output, Say) for item in output.items]


@pytest.fixture
def engine(tmp_path: Path) -> FlowEngine:
    return FlowEngine(flows(tmp_path, ASKING))


def test_the_first_step_greets_and_waits_in_one_go(engine):
    state, outputs = run(engine, engine.begin("one"), Begin())
    assert said(outputs) == ["hello", "number"]
    wait = outputs[-1]
    assert isinstance(wait, Wait)
    assert (wait.keys, wait.speech, wait.max_s, wait.end_silence_s) == ("2", True, 300.0, 2.0)
    assert wait.quick_replies == (("2", "企业"),)
    assert state.step == "demand"
    assert state.path == ("welcome", "demand")


def test_silence_asks_again_twice_then_gives_up(engine):
    state, outputs = run(engine, engine.begin("one"), Begin(), Silence())
    assert said(outputs) == ["again"]
    assert state.attempt == 1
    state, outputs = run(engine, state, Silence())
    assert said(outputs) == ["again"]
    state, outputs = run(engine, state, Silence())
    assert outputs == (End("abandoned_in_flow"),)
    assert state.ended == "abandoned_in_flow"


def test_an_answer_forgets_the_attempts(engine):
    state, _ = run(engine, engine.begin("one"), Begin(), Silence(), Key("2"), ActionDone("set_line", "ok"))
    assert (state.step, state.attempt) == ("demand", 0)


def test_speech_is_registered_and_the_number_read_out(engine):
    state, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard("路灯坏了", "zh"))
    assert outputs == (Act("register_ticket", {}),)
    state, outputs = run(engine, state, ActionDone("register_ticket", "ok", {"ticket_no": "202611230000001"}))
    (say,) = outputs
    assert (say.items[0].kind, say.items[0].text, say.barge_in) == ("digits", "202611230000001", False)
    state, outputs = run(engine, state, Finished())
    assert outputs == (End("completed"),)


def test_speech_that_is_not_understood_yet_is_a_demand_too(engine):
    _, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard(None))
    assert outputs == (Act("register_ticket", {}),)


def test_another_outcome_takes_its_branch(engine):
    state, outputs = run(
        engine, engine.begin("one"), Begin(), WordsHeard("路灯"), ActionDone("register_ticket", "failed")
    )
    assert (state.step, outputs) == ("later", (End("interrupted"),))


@pytest.mark.parametrize("words", ["人工", "人工。", "你好，请帮我转人工，谢谢！"])
def test_a_spoken_word_is_a_choice(tmp_path, words):
    engine = FlowEngine(flows(tmp_path, ASKING.replace("[人工]", "[人工, 转人工]")))
    _, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard(words, "zh"))
    assert outputs == (Act("request_callback", {"reason": "asked"}),)


def test_a_word_inside_a_demand_is_no_choice(engine):
    _, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard("人工湖的水很脏", "zh"))
    assert outputs == (Act("register_ticket", {}),)


def test_another_language_is_followed(engine):
    state, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard("the street lamp is broken", "en"))
    assert outputs == (Act("set_language", {"language": "en"}),)
    assert state.language == "en"
    state, outputs = run(engine, state, ActionDone("set_language", "ok"))
    assert outputs == (Act("register_ticket", {}),)
    _, outputs = run(engine, state, ActionDone("register_ticket", "ok", {"ticket_no": "1"}))
    assert outputs[0].items[0].wav.endswith("/en")


def test_a_cough_taken_for_english_changes_nothing(engine):
    state, outputs = run(engine, engine.begin("one"), Begin(), WordsHeard("You.", "en"))
    assert (state.language, outputs) == ("zh", (Act("register_ticket", {}),))


def test_unexpected_and_late_inputs_change_nothing(engine):
    state, _ = run(engine, engine.begin("one"), Begin())
    assert run(engine, state, SpeechBegan()) == (state, ())
    assert run(engine, state, Finished()) == (state, ())
    assert run(engine, state, ActionDone("set_line", "ok")) == (state, ())
    gone, outputs = run(engine, state, HungUp())
    assert (gone.ended, outputs) == ("abandoned_in_flow", ())
    assert run(engine, gone, Key("2")) == (gone, ())


def test_a_language_can_be_chosen_at_the_start(engine):
    _, outputs = run(engine, engine.begin("one", "en"), Begin())
    assert outputs[0].items[0].text == "en hello"
    assert outputs[-1].quick_replies == (("2", "Business"),)
    assert engine.begin("one", "fr").language == "zh"


def test_state_goes_through_json(engine):
    state, _ = run(
        engine,
        engine.begin("one"),
        Begin(),
        WordsHeard("路灯"),
        ActionDone("register_ticket", "ok", {"ticket_no": "7"}),
    )
    assert DialogueState.from_json(state.to_json()) == state
    with pytest.raises(FrozenInstanceError):
        state.step = "elsewhere"


def test_a_running_dialogue_keeps_its_version(tmp_path, engine):
    old, _ = run(engine, engine.begin("one"), Begin())
    newer = tmp_path / "newer"
    newer.mkdir()
    engine.reload(flows(newer, "- {do: say, id: demand, say: [bye]}\n- {do: end, disposition: deflected}"))
    fresh = engine.begin("one")
    assert fresh.version != old.version
    assert run(engine, fresh, Begin())[1][-1] == End("deflected")
    assert run(engine, old, WordsHeard("路灯"))[1] == (Act("register_ticket", {}),)


def test_a_version_nobody_has_any_more_goes_on_in_the_newest(tmp_path, engine):
    old, _ = run(engine, engine.begin("one"), Begin())
    later = FlowEngine(flows(tmp_path, ASKING.replace("attempts: 2", "attempts: 1")))
    state, outputs = later.step(old, Silence())
    assert (state.version, said(outputs)) == (later.begin("one").version, ["again"])


def test_a_dialogue_whose_step_is_gone_goes_on_at_the_first_question(tmp_path, engine):
    old, _ = run(engine, engine.begin("one"), Begin())
    later = FlowEngine(flows(tmp_path, ASKING.replace("id: demand", "id: matter").replace("to: demand", "to: matter")))
    waiting = later.waiting(old)
    assert waiting is not None
    assert "2" in waiting.keys
    assert run(later, old, WordsHeard("路灯"))[1] == (Act("register_ticket", {}),)


def test_a_dialogue_whose_flow_is_gone_is_silent_and_does_no_harm(engine):
    begun, _ = run(engine, engine.begin("one"), Begin())
    old = replace(begun, flow="renamed")
    assert engine.waiting(old) is None
    assert engine.step(old, WordsHeard("路灯")) == (old, ())


def test_words_that_change_make_a_new_version(tmp_path):
    write_flow(tmp_path, ASKING)
    before = FlowEngine(flows(tmp_path, ASKING)).begin("one").version
    (tmp_path / "prompts" / "zh" / "hello.txt").write_text("您好\n", encoding="utf-8")
    assert FlowEngine(flows(tmp_path, ASKING)).begin("one").version != before


def test_a_phrase_of_which_a_prompt_has_no_recording_is_left_out():
    said = Named(prompts="handled").of("hello bye;hello unit_X;number", {"hello", "bye", "number"})
    assert list(said) == ["hello", "bye", "number"]
    assert list(Named(prompts="handled").of("", {"hello"})) == []
