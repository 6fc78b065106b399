from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.ivr.loader import load_flows

from .flows import DANGER, flows, write_flow, write_prompts

pytestmark = pytest.mark.unit

END = "- {do: end, disposition: completed}"
MENU = "{do: menu, id: %s, say: [hello], keys: {1: {then: [{do: goto, to: %s}]}}, no_answer: [{do: goto, to: end}]}"


def problems(folder: Path, steps: str, **options: str) -> list[str]:
    write_flow(folder, steps, **options)
    with pytest.raises(ConfigError) as caught:
        load_flows(folder)
    return caught.value.problems


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- {do: goto, to: nowhere}", "one.yaml:5: 1: goes to 'nowhere', which is no step"),
        ("- {do: say, say: [hello]}", "one.yaml:5: 1: after next nothing follows; add an `end` or a `goto`"),
        ("- {do: end, disposition: completed}\n- {do: end, id: lost, disposition: completed}", "no path leads here"),
        ("- {do: say, id: a, say: [hello]}\n- {do: goto, to: a}", "comes back to itself without an answer"),
        ("- {do: listen, id: a, say: [hello], no_answer: [{do: goto, to: a}]}\n" + END, "comes back to itself"),
        (
            "- {do: menu, id: a, no_answer: [{do: act, action: register_ticket}]}\n- {do: goto, to: a}",
            "no path from here ends"),
        ("- {do: act, action: fly}\n" + END, "no action 'fly'; actions: missing, register_ticket, request_callback"),
        ("- {do: act, action: set_line}\n" + END, "set_line needs `line`"),
        ("- {do: act, action: missing, args: {field: age}}\n" + END, "field is 'age'; allowed: demand, place, phone"),
        ("- {do: act, action: set_line, args: {line: moon}}\n" + END, "line is 'moon'; allowed: citizen, enterprise"),
        ("- {do: act, action: register_ticket, args: {fast: very}}\n" + END, "register_ticket takes no `fast`"),
        ("- {do: act, action: register_ticket, outcomes: {late: [{do: end, disposition: completed}]}}\n" + END,
         "register_ticket never comes out 'late'; outcomes: ok, failed"),
        ("- {do: say, say: [unknown]}\n" + END, "prompt 'unknown' is missing in zh:"),
        ("- {do: say, say: [digits: ticket_no]}\n" + END, "says 'ticket_no', which no action of this flow gives"),
        ("- {do: say, say: [prompts: handled]}\n" + END, "says 'handled', which no action of this flow gives"),
        ("- {do: act, action: tell_progress}\n- {do: say, say: [prompts: handled]}\n" + END,
         "prompt 'month_12' is missing in en"),
        ("- {do: say, id: a, say: [hello]}\n- {do: say, id: a, say: [bye]}\n" + END, "step id 'a' is used twice"),
    ],
)  # fmt: skip
def test_mistakes_are_found_with_their_line(tmp_path, steps, expected):
    found = problems(tmp_path, steps)
    assert any(expected in problem for problem in found), found


def test_a_prompt_missing_in_one_language_only(tmp_path):
    write_flow(tmp_path, "- {do: say, say: [bye]}\n" + END)
    (tmp_path / "prompts" / "en" / "bye.wav").unlink()
    (tmp_path / "prompts" / "en" / "bye.txt").unlink()
    found = problems(tmp_path, "- {do: say, say: [bye]}\n" + END)
    assert len(found) == 1
    assert "prompt 'bye' is missing in en" in found[0]


def test_a_recording_without_its_words(tmp_path):
    write_flow(tmp_path, END)
    (tmp_path / "prompts" / "zh" / "bye.txt").unlink()
    (tmp_path / "prompts" / "zh" / "again.wav").unlink()
    found = problems(tmp_path, END)
    assert len(found) == 2
    assert "write them into bye.txt" in found[0]
    assert "has no recording again.wav" in found[1]


def test_a_language_that_the_flow_does_not_have(tmp_path):
    steps = "- {do: act, action: set_language, args: {language: en}}\n" + END
    assert "sets language 'en', which `languages` does not list" in problems(tmp_path, steps, languages="[zh]")[0]


def test_not_more_than_one_menu_before_a_person(tmp_path):
    person = "\n- {do: act, id: person, action: request_callback, args: {reason: x}}"
    person += "\n- {do: end, id: end, disposition: completed}"
    one = "- " + MENU % ("first", "person") + person
    two = "- " + MENU % ("first", "second") + "\n- " + MENU % ("second", "person") + person
    assert "one" in flows(tmp_path, one)
    found = problems(tmp_path, two)
    assert len(found) == 1
    assert "only through 2 menus (first, second); GB/T 33358-2016 allows 1" in found[0]


def test_a_menu_after_registration_holds_nobody_up(tmp_path):
    steps = f"""
- {MENU % ("first", "registered")}
- {{do: act, id: registered, action: register_ticket}}
- {MENU % ("again", "person")}
- {{do: act, id: person, action: request_callback, args: {{reason: x}}}}
- {{do: end, id: end, disposition: completed}}
"""
    assert "one" in flows(tmp_path, steps)


def test_everything_wrong_is_said_at_once_each_with_its_line(tmp_path):
    write_flow(tmp_path, END, name="fine")
    steps = "- do: listen\n  keys:\n    2:\n      then:\n        - {do: end, disposition: gone}\n  sey: [hello]\n" + END
    found = problems(tmp_path, steps)
    assert len(found) == 2, found
    assert "one.yaml:9: " in found[0]
    assert "Input should be 'completed'" in found[0]
    assert "one.yaml:10: " in found[1]
    assert "unknown key" in found[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flow: one\nflow: two\n", "one.yaml:2: 'flow' is said twice"),
        ("flow: [\n", "not valid YAML"),
        ("flow: !!python/object/apply:os.system [true]\n", "not valid YAML"),
        ("", "should be a valid dictionary"),
        (
            f"flow: other\ntitle: x\nlanguages: [zh]\nsteps: [{{do: end, disposition: completed}}]\n{DANGER}",
            "name both alike",
        ),
        ("flow: one\ntitle: x\nlanguages: [zh]\nsteps: [{do: jump}]\n", "does not match any of the expected tags"),
    ],
)
def test_files_that_are_no_flow(tmp_path, text, expected):
    write_prompts(tmp_path / "prompts")
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_flows(tmp_path)
    assert any(expected in problem for problem in caught.value.problems), caught.value.problems


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(ConfigError, match="flows_dir names where"):
        load_flows(tmp_path / "gone")
    with pytest.raises(ConfigError, match="one folder a language"):
        load_flows(tmp_path)
    write_prompts(tmp_path / "prompts")
    with pytest.raises(ConfigError, match="no flow in it"):
        load_flows(tmp_path)


def test_names_of_flows_can_be_asked_and_counted(tmp_path):
    loaded = flows(tmp_path, END)
    assert list(loaded) == ["one"]
    assert "one" in loaded
    assert "two" not in loaded
    assert len(loaded) == 1


def test_a_follow_up_waits_where_something_is_listened_for(tmp_path):
    path = write_flow(tmp_path, END)
    path.write_text(path.read_text(encoding="utf-8") + "follow_up: nowhere\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="follow_up names 'nowhere', which is no `listen` step"):
        load_flows(tmp_path)
