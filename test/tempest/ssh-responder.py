"""An SSH server in the place of guests: whoever signs in is accepted, and no command is executed.

Tempest's tests of interfaces wait until a guest accepts a sign-in. In the namespace of this run each address of 127.0.0.0/8, and so each floating IP,
leads here.
"""
import socket
import sys
import threading

import paramiko

key = paramiko.ECDSAKey.generate()


class Door(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "publickey,password"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL


def serve(connection):
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    try:
        transport.start_server(server=Door())
        transport.join(60)
    except (paramiko.SSHException, EOFError, OSError) as error:
        print(error, file=sys.stderr)
    finally:
        transport.close()


listener = socket.create_server(("0.0.0.0", 22), backlog=64)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
