# Reaches the network, the warm process and itself by sockets; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import http.client
import socket
import urllib.request

kinds = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET)
for kind in kinds:
    refused(socket.socket, kind, socket.SOCK_RAW)
    refused(socket.socket, kind, socket.SOCK_STREAM)
    refused(socket.socket, kind, socket.SOCK_DGRAM)
refused(socket.socketpair)
refused(socket.create_connection, ("127.0.0.1", 80), 1)
refused(urllib.request.urlopen, "http://192.0.2.1/", None, 1)
refused(http.client.HTTPConnection("192.0.2.1", timeout=1).connect)
try:
    socket.fromfd(3, socket.AF_UNIX, socket.SOCK_STREAM).connect("@SOCKET@")
except OSError:
    pass
else:
    raise RuntimeError("the warm process is reached")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
