"""Judges what we send, by libraries that we did not write: judge.py webhook|event|schema|slack, JSON on standard input."""
import json
import sys

question = json.load(sys.stdin)
what = sys.argv[1]
if what == "webhook":
    from standardwebhooks import Webhook

    for secret in question["secrets"]:
        Webhook(secret).verify(question["body"], question["headers"])
elif what == "event":
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event
    from cloudevents.core.formats.json import JSONFormat

    for sent in question:
        message = HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(sent).encode())
        event = from_http_event(message, JSONFormat())
        assert event.get_id() == sent["id"] and event.get_type() == sent["type"]
        assert event.get_data() == sent["data"], event.get_data()
elif what == "schema":
    from jsonschema import Draft202012Validator

    for pair in question:
        Draft202012Validator.check_schema(pair["schema"])
        validator = Draft202012Validator(pair["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
        validator.validate(pair["example"])
        for name in pair["schema"]["required"]:
            without = {key: value for key, value in pair["example"].items() if key != name}
            assert not validator.is_valid(without), name
elif what == "slack":
    from slack_sdk.models.blocks import Block

    for message in question:
        assert 0 < len(message["text"]) <= 4000 and len(message["blocks"]) <= 50
        for block in message["blocks"]:
            parsed = Block.parse(block)
            assert parsed is not None and parsed.type == block["type"], block
            # Checks lengths and members, and says what it understood.
            understood = parsed.to_dict()
            assert understood == block, (understood, block)
else:
    raise SystemExit("what?")
print("good")
