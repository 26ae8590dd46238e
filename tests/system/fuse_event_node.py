"""A process of its own: a joystick behind a file that answers like an event node of the kernel.

python fuse_event_node.py FOLDER mounts a folder. Each line on standard input is one JSON object:
{"plug": NAME, "model": {...}} makes a file, {"unplug": NAME} takes it away under its readers,
{"events": NAME, "list": [[type, code, value], ...]} lets it report, {"forget": NAME, ...} changes
its state without a report, as an overrun does. Each is answered by a line on standard output.
"""

from collections import deque
import ctypes
import errno
import json
import stat
import struct
import subprocess
import sys
import threading

from mfusepy import FUSE, FuseOSError, Operations

EVENT = struct.Struct('llHHi')
EV_KEY, EV_ABS = 1, 3
NAME_BYTES = {0x06: 'name', 0x07: 'phys', 0x08: 'uniq'}


class Node:
    """One plugged joystick: its model, its state, and what each reader has not read yet."""

    def __init__(self, model):
        self.model = model
        self.axes = {int(code): list(info) for code, info in model['axes'].items()}
        self.keys = {int(code): 0 for code in model['keys']}
        self.readers = {}

    def set(self, kind, code, value):
        """Change the state."""
        if kind == EV_ABS:
            self.axes[code][0] = value
        elif kind == EV_KEY:
            self.keys[code] = value

    def ioctl(self, number, size):
        """Return the answer to one of evdev's requests."""
        if number == 0x01:
            return struct.pack('i', 0x010001)
        if number == 0x02:
            return struct.pack('4H', 3, self.model['vendor'], self.model['product'], 0x110)
        if number in NAME_BYTES:
            return self.model.get(NAME_BYTES[number], '').encode()[: size - 1] + b'\0'
        if number == 0x18:
            return bits(code for code, value in self.keys.items() if value)
        if number == 0x20:
            return bits((0, EV_KEY, EV_ABS))
        if number == 0x20 + EV_KEY:
            return bits(self.keys)
        if number == 0x20 + EV_ABS:
            return bits(self.axes)
        if number == 0x84:
            return struct.pack('i', 0)
        if 0x40 <= number < 0x80 and number - 0x40 in self.axes:
            return struct.pack('6i', *self.axes[number - 0x40])
        return b''


def bits(codes):
    """Return a bit field with a bit for each code."""
    return sum(1 << code for code in codes).to_bytes(96, 'little')


class EventNodes(Operations):
    """The file system."""

    use_ns = True

    def __init__(self):
        self.guard = threading.Lock()
        self.nodes = {}
        self.open_files = {}
        self.next_file = 1

    def getattr(self, path, fh=None):
        """A folder, and a file for each plugged joystick."""
        if path == '/':
            return {'st_mode': stat.S_IFDIR | 0o755, 'st_nlink': 2}
        with self.guard:
            if path[1:] not in self.nodes:
                raise FuseOSError(errno.ENOENT)
            mode = self.nodes[path[1:]].model.get('mode', 0o666)
        return {'st_mode': stat.S_IFREG | mode, 'st_nlink': 1, 'st_size': 0}

    def readdir(self, path, fh):
        """List them."""
        with self.guard:
            return ['.', '..', *self.nodes]

    def open(self, path, info):
        """Begin to read: from now on."""
        info.direct_io = 1
        with self.guard:
            node = self.nodes.get(path[1:])
            if node is None:
                raise FuseOSError(errno.ENOENT)
            info.fh, self.next_file = self.next_file, self.next_file + 1
            self.open_files[info.fh] = (path[1:], node)
            node.readers[info.fh] = deque()
        return 0

    def release(self, path, info):
        """Forget a reader."""
        with self.guard:
            _, node = self.open_files.pop(info.fh)
            del node.readers[info.fh]
        return 0

    def node(self, info):
        """Return the joystick of an open file; ENODEV once it is unplugged."""
        name, node = self.open_files[info.fh]
        if self.nodes.get(name) is not node:
            raise FuseOSError(errno.ENODEV)
        return node

    def read(self, path, size, offset, info):
        """Return whole events, or EAGAIN."""
        with self.guard:
            queue = self.node(info).readers[info.fh]
            if not queue:
                raise FuseOSError(errno.EAGAIN)
            count = min(len(queue), size // EVENT.size)
            return b''.join(EVENT.pack(0, 0, *queue.popleft()) for _ in range(count))

    def ioctl(self, path, request, argument, info, flags, data):
        """Answer evdev's requests."""
        request &= 0xFFFFFFFF
        with self.guard:
            answer = self.node(info).ioctl(request & 0xFF, request >> 16 & 0x3FFF)
        if not answer:
            raise FuseOSError(errno.EINVAL)
        answer = answer[: request >> 16 & 0x3FFF]
        ctypes.memmove(data, answer, len(answer))
        return 0

    def obey(self, order):
        """Carry out one line of standard input."""
        with self.guard:
            if 'plug' in order:
                self.nodes[order['plug']] = Node(order['model'])
            elif 'unplug' in order:
                del self.nodes[order['unplug']]
            else:
                node = self.nodes[order.get('events') or order['forget']]
                for event in order['list']:
                    node.set(*event)
                    if 'events' in order:
                        for queue in node.readers.values():
                            queue.append(event)


def serve(nodes):
    """Obey standard input to its end, then unmount, which ends the process."""
    for line in sys.stdin:
        nodes.obey(json.loads(line))
        print('done', flush=True)
    subprocess.run(['fusermount3', '-u', '-z', sys.argv[1]], check=True)


if __name__ == '__main__':
    served = EventNodes()
    threading.Thread(target=serve, args=(served,), daemon=True).start()
    FUSE(
        served,
        sys.argv[1],
        foreground=True,
        nothreads=True,
        raw_fi=True,
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
    )
