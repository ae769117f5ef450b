#!/usr/bin/env python3
"""Two dogs with collars that send metrics.

Biscuit is a beagle and follows his nose; Juno is a greyhound and sleeps until she does not. Each collar tells heart rate, activity,
steps, position, what was sniffed at, and whenever its dog crosses the fence of the garden. The lines are DogStatsD, sent over UDP, and
made by hand: the format is all there is to it, and nothing is installed.

    python3 dog_collar.py                        sends every second, until Ctrl-C
    python3 dog_collar.py --print --ticks 5      prints what it would send
"""

import argparse
import math
import random
import socket
import sys
import time

# The garden is a circle, and home its middle.
HOME_LATITUDE, HOME_LONGITUDE = 52.5163, 13.3777
FENCE_METRES = 40.0
METRES_PER_DEGREE = 111_320.0
SMELLS = ["hedgehog", "neighbour", "sausage", "squirrel", "postman", "other_dog", "compost"]


class Dog:
    """A dog that rests, strolls or runs, and changes its mind."""

    # What it does, how fast that is (metres a second), and the heart's beats a minute that go with it.
    MOODS = {"rest": (0.0, 70), "stroll": (1.2, 100), "run": (6.0, 170)}

    def __init__(self, name, breed, boldness, pace, chance):
        self.name = name
        self.breed = breed
        self.boldness = boldness  # How far from home it still feels well, as a share of the fence.
        self.pace = pace  # How much faster it is than a dog is.
        self.chance = chance
        self.mood = "rest"
        self.east = self.north = 0.0  # Metres from home.
        self.heading = chance.uniform(0, 2 * math.pi)
        self.heart_rate = 70.0
        self.battery = 100.0
        self.sees_squirrel = False  # Then it runs, and there is no talking to it.

    @property
    def is_outside(self):
        return math.hypot(self.east, self.north) > FENCE_METRES

    def live(self, seconds):
        """Lives on for a while; gives the lines that the collar sends of it."""
        was_outside = self.is_outside
        self._change_mood()
        speed, wanted_heart_rate = self.MOODS[self.mood]
        speed *= self.pace * self.chance.uniform(0.7, 1.3)
        self._move(speed, seconds)
        self.heart_rate += (wanted_heart_rate - self.heart_rate) * 0.3 + self.chance.gauss(0, 2)
        self.battery = max(0.0, self.battery - 0.002 * seconds)

        yield self._line("dog.heart_rate", f"{self.heart_rate:.1f}", "g")
        yield self._line("dog.activity", f"{min(1.0, speed / 6):.2f}", "g")
        yield self._line("dog.position.latitude", f"{HOME_LATITUDE + self.north / METRES_PER_DEGREE:.6f}", "g")
        yield self._line("dog.position.longitude", f"{HOME_LONGITUDE + self.east / METRES_PER_DEGREE / math.cos(math.radians(HOME_LATITUDE)):.6f}", "g")
        yield self._line("dog.speed", f"{speed:.2f}", "d")
        yield self._line("dog.collar.battery", f"{self.battery:.2f}", "g")
        if speed > 0:
            yield self._line("dog.steps", str(max(1, round(speed * seconds * 2))), "c")
            if self.chance.random() < 0.4:
                yield self._line("dog.smells", self.chance.choice(SMELLS), "s")
        if self.is_outside != was_outside:
            yield from self._cross_fence()

    def check(self):
        """The line that says how the collar is: 0 fine, 1 the dog is out, 2 the battery is nearly empty."""
        status, message = (2, "battery is nearly empty") if self.battery < 5 else (1, f"{self.name} is outside the fence") if self.is_outside else (0, "all is well")
        return f"_sc|dog.collar|{status}|#dog:{self.name.lower()}|m:{message}"

    def _change_mood(self):
        if self.sees_squirrel:
            self.mood = "run"
        elif self.chance.random() < 0.15:
            self.mood = self.chance.choices(list(self.MOODS), weights=[3, 4, 2])[0]

    def _move(self, speed, seconds):
        self.heading += self.chance.gauss(0, 0.5)
        away = math.hypot(self.east, self.north)
        if away > FENCE_METRES * self.boldness:  # Far enough: it thinks of its bowl.
            self.heading = math.atan2(-self.north, -self.east) + self.chance.gauss(0, 0.3)
        self.east += math.cos(self.heading) * speed * seconds
        self.north += math.sin(self.heading) * speed * seconds

    def _cross_fence(self):
        direction = "out" if self.is_outside else "in"
        yield self._line("dog.fence.crossings", "1", "c", f"direction:{direction}")
        title = f"{self.name} went {direction}"
        text = "The fence has a hole again.\\nLook behind the compost." if direction == "out" else "Somebody is hungry."
        kind = "warning" if direction == "out" else "success"
        yield f"_e{{{len(title.encode())},{len(text.encode())}}}:{title}|{text}|t:{kind}|k:fence-{self.name.lower()}|s:dog-collar|#dog:{self.name.lower()}"

    def _line(self, name, value, kind, *more_tags):
        tags = ",".join([f"dog:{self.name.lower()}", f"breed:{self.breed}", *more_tags])
        return f"{name}:{value}|{kind}|#{tags}"


def packets(lines, limit=1_400):
    """Joins lines to packets that fit into one frame of most networks."""
    packet = ""
    for line in lines:
        if packet and len(packet.encode()) + 1 + len(line.encode()) > limit:
            yield packet
            packet = ""
        packet = f"{packet}\n{line}" if packet else line
    if packet:
        yield packet


def main():
    options = argparse.ArgumentParser(description="Two dogs with collars that send metrics over DogStatsD.")
    options.add_argument("--host", default="127.0.0.1", help="where Apm listens (default %(default)s)")
    options.add_argument("--port", type=int, default=8125, help="its DogStatsD port (default %(default)s)")
    options.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="how often the collars send (default %(default)s)")
    options.add_argument("--ticks", type=int, default=0, help="stop after so many sendings (default: never)")
    options.add_argument("--seed", type=int, help="the same seed gives the same walk")
    options.add_argument("--squirrel", type=float, metavar="SECONDS", help="after so many seconds a squirrel sits on the fence, and both dogs run")
    options.add_argument("--print", action="store_true", dest="prints", help="print the lines at once instead of sending them")
    chosen = options.parse_args()
    if chosen.every <= 0:
        options.error("--every needs a number of seconds above 0")

    chance = random.Random(chosen.seed)
    dogs = [Dog("Biscuit", "beagle", 1.1, 0.8, random.Random(chance.random())), Dog("Juno", "greyhound", 0.9, 1.6, random.Random(chance.random()))]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tick = 0
    try:
        while chosen.ticks == 0 or tick < chosen.ticks:
            lines = [line for dog in dogs for line in dog.live(chosen.every)]
            if tick % 10 == 0:
                lines += [dog.check() for dog in dogs]
            tick += 1
            if chosen.squirrel is not None and tick * chosen.every >= chosen.squirrel:
                for dog in dogs:
                    dog.sees_squirrel = True
            if chosen.prints:
                print("\n".join(lines))
                continue
            for packet in packets(lines):
                sender.sendto(packet.encode(), (chosen.host, chosen.port))
            time.sleep(chosen.every)
    except (KeyboardInterrupt, BrokenPipeError):
        print("Good dogs.", file=sys.stderr)


if __name__ == "__main__":
    main()
