"""An SMTP server that prints every mail as a line of JSON: mail.py PORT plain|starttls|refusing [CERTIFICATES]."""
import email
import email.policy
import json
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, mode = int(sys.argv[1]), sys.argv[2]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if mode == "refusing":
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "headers": [[name, str(value)] for name, value in message.items()],
            "defects": [str(defect) for defect in message.defects],
            "text": text.get_content() if text else None,
            "html": html.get_content() if html else None,
        }
        print("MAIL " + json.dumps(line), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"bursar" and data.password == b"a password of the tests"
    return AuthResult(success=good, auth_data=data)


options = {}
if mode == "starttls":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3] + "/cert.pem", sys.argv[3] + "/key.pem")
    options = dict(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
Controller(Handler(), hostname="127.0.0.1", port=port, **options).start()
while True:
    time.sleep(3600)
