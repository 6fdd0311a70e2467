"""nbconvert, which does not miss the kernel's last word; run as `python conversion.py OPTIONS`.

A notebook with an `Output` makes nbconvert's client write to the kernel while a cell runs. It
does so by a second handle of its socket (`jupyter_client.session.Session.send`), and a reply that
came at this very moment is then not announced any more: the client waits for it for ever. This
was seen in 5 of 72 conversions on a busy machine, and in none of 80 that looked at the socket
after each message. See also https://github.com/jupyter/nbclient/issues/312.
"""

import zmq.asyncio
from jupyter_client.session import Session
from nbconvert.nbconvertapp import main

send = Session.send


def send_and_look(session, stream, *arguments, **options):
    message = send(session, stream, *arguments, **options)
    if isinstance(stream, zmq.asyncio.Socket):
        stream._schedule_remaining_events()
    return message


Session.send = send_and_look

if __name__ == "__main__":
    main()
