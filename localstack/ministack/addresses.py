"""One loopback address a task, so that every task of the demo can use the same ports on one host."""

import itertools
import random

# 127.64.0.0/16. The first address is random, so that two emulators on one host hardly ever meet; an address comes back
# only after the other 64,000 were used, as a VPC also keeps a released address apart for a while.
_HOSTS = [(third, fourth) for third in range(256) for fourth in range(2, 254)]
_order = itertools.cycle(_HOSTS)
for _ in range(random.randrange(len(_HOSTS))):
    next(_order)


def next_address():
    third, fourth = next(_order)
    return f"127.64.{third}.{fourth}"
