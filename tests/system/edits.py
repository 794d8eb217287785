"""Random changes of a configuration, each of which leaves a valid one."""

import json

VLANS = {"v10": ("p2", 10), "v20": ("p2", 20), "v30": ("p3", 30), "q5": ("v10", 5)}
EDITED = ("p2", "p3", *VLANS, "br0", "br1")
BRIDGES = ("br0", "br1")


def copy(config):
    return json.loads(json.dumps(config))


class Edits:
    """Of the ports p2 and p3, of VLANs on them, of bridges and of all that stands on those. What
    the configuration has besides stays, routes included."""

    def __init__(self, config, random):
        self.config = copy(config)
        self.random = random
        self.routes_kept = copy(config["routes"])
        for key in ("vlans", "bridges"):
            self.config.setdefault(key, {})
        self.config["neighbors"].setdefault("static", [])

    def edit(self):
        """Makes one; returns what it was."""
        kinds = {
            "address": 3, "route": 4, "neighbor": 1, "budget": 1, "policy": 1, "zone": 1,
            "vlan": 3, "tag": 1, "vlan-mtu": 1, "port-mtu": 1, "port-order": 1,
            "bridge": 2, "member": 4, "member-settings": 2, "bridge-settings": 2, "station": 1,
            "spanning-tree": 1,
        }
        what = self.random.choices(list(kinds), list(kinds.values()))[0]
        getattr(self, what.replace("-", "_"))()
        self.mend()
        return what

    def section(self, name):
        kind = "vlans" if name in VLANS else "bridges" if name in BRIDGES else "ethernets"
        return self.config[kind].get(name)

    def there(self):
        return [name for name in EDITED if self.section(name) is not None]

    def members(self):
        """By interface: the bridge."""
        return {m["name"]: bridge for bridge in BRIDGES
                for m in (self.section(bridge) or {}).get("interfaces", [])}

    def hosts(self):
        """Somebody on each edited subnet that has room for one: by address, the interface."""
        result = {}
        for name in self.there():
            for address in self.section(name).get("addresses", []):
                ip, length = address.split("/")
                if int(length) <= 30:
                    result[ip.rsplit(".", 1)[0] + ".2"] = name
        return result

    def address(self):
        name = self.random.choice([n for n in self.there() if n not in self.members()])
        place = EDITED.index(name)
        subnets = self.random.sample(range(4), self.random.randint(0, 3))
        self.section(name)["addresses"] = [
            f"10.{20 + place}.{n}.1/{self.random.choice((24, 25, 28, 30, 31, 32))}"
            for n in subnets]

    def route(self):
        rnd, routes = self.random, self.config["routes"]
        to = f"20.{rnd.randint(0, 9)}.0.0/{rnd.choice((16, 17, 24))}"
        routes[:] = [r for r in routes if r["to"] != to]
        if rnd.random() < 0.7:
            via = rnd.choice([*self.hosts(), "10.0.1.2", None])
            routes.append({"to": to, "via": via} if via else {"to": to, "type": "blackhole"})

    def neighbor(self):
        hosts, rnd = self.hosts(), self.random
        if not hosts:
            return
        ip = rnd.choice(list(hosts))
        statics = self.config["neighbors"]["static"]
        statics[:] = [n for n in statics if n["ip"] != ip]
        mac = f"02:00:00:00:99:{rnd.randint(1, 250):02x}"
        statics.append({"ip": ip, "mac": mac, "interface": hosts[ip]})

    def budget(self):
        self.config["neighbors"]["budgets"] = {"gleans": self.random.randint(100, 3000)}

    def policy(self):
        learn = self.random.choice(("strict", "rfc826"))
        name = self.random.choice([n for n in self.there() if n not in self.members()])
        self.section(name)["neighbors"] = {"trusted": self.random.random() < 0.5, "learn": learn}

    def zone(self):
        mark = self.random.choice(("none", "private"))
        self.section(self.random.choice(self.there()))["zone"] = mark

    def vlan(self):
        name = self.random.choice(list(VLANS))
        if self.config["vlans"].pop(name, None) is None:
            link, tag = VLANS[name]
            self.config["vlans"][name] = {"id": tag, "link": link}

    def tag(self):
        """The same name, another one."""
        if self.config["vlans"]:
            name = self.random.choice(list(self.config["vlans"]))
            self.config["vlans"][name]["id"] = VLANS[name][1] + self.random.choice((0, 100, 200))

    def vlan_mtu(self):
        if self.config["vlans"]:
            name = self.random.choice(list(self.config["vlans"]))
            mtu = 1300 if name == "q5" else self.random.choice((1400, 1450, "auto"))
            self.config["vlans"][name]["mtu"] = mtu

    def port_mtu(self):
        port = self.section(self.random.choice(("p2", "p3")))
        port["mtu"] = self.random.choice((1500, 1600, 1900))

    def port_order(self):
        ports = list(self.config["ethernets"].items())
        self.random.shuffle(ports)
        self.config["ethernets"] = dict(ports)

    def bridge(self):
        name = self.random.choice(BRIDGES)
        if self.config["bridges"].pop(name, None) is None:
            self.config["bridges"][name] = {"interfaces": []}

    def member(self):
        if not self.config["bridges"]:
            return self.bridge()
        name = self.random.choice(list(self.config["bridges"]))
        interface = self.random.choice([n for n in self.there() if n not in BRIDGES])
        was_in = self.members().get(interface)
        if was_in:
            own = self.section(was_in)
            own["interfaces"] = [m for m in own["interfaces"] if m["name"] != interface]
        if was_in != name:
            self.section(name)["interfaces"].append({"name": interface})
            self.section(interface)["addresses"] = []
            self.section(interface).pop("neighbors", None)

    def member_settings(self):
        rnd = self.random
        for bridge in self.config["bridges"].values():
            for member in bridge["interfaces"]:
                if rnd.random() < 0.5:
                    member |= rnd.choice((
                        {"isolated": True}, {"isolated": False}, {"split-horizon": 3},
                        {"learning": False}, {"learning": True}, {"max-stations": 100},
                        {"path-cost": 500}, {"fast-leave": True}, {"edge": True},
                        {"storm-control": {"broadcast": "100pps"}}))

    def bridge_settings(self):
        rnd = self.random
        for bridge in self.config["bridges"].values():
            bridge |= rnd.choice((
                {"mac-table": {"max": rnd.choice((500, 2000)), "ageing": "60s"}},
                {"storm-control": {"unknown-unicast": "500pps"}}, {"igmp-snooping": False},
                {"igmp-snooping": True}, {"mac": f"02:00:00:00:77:{rnd.randint(1, 9):02x}"},
                {"mac": "auto"}))

    def station(self):
        for name, bridge in self.config["bridges"].items():
            if bridge["interfaces"]:
                interface = self.random.choice(bridge["interfaces"])["name"]
                mac = f"02:00:00:00:88:{self.random.randint(1, 5):02x}"
                stations = bridge.setdefault("static", [])
                stations[:] = [s for s in stations if s["mac"] != mac]
                if self.random.random() < 0.7:
                    stations.append({"mac": mac, "interface": interface})

    def spanning_tree(self):
        for bridge in self.config["bridges"].values():
            bridge["spanning-tree"] = self.random.choice(("none", "rstp"))

    def mend(self):
        """What has lost what it stands on goes, too."""
        config = self.config
        if "v10" not in config["vlans"]:
            config["vlans"].pop("q5", None)
        there = set(self.there()) | {"p0", "p1"}
        for bridge in config["bridges"].values():
            bridge["interfaces"] = [m for m in bridge["interfaces"] if m["name"] in there]
            inside = {m["name"] for m in bridge["interfaces"]}
            bridge["static"] = [s for s in bridge.get("static", []) if s["interface"] in inside]
        hosts = self.hosts()
        more = [r for r in config["routes"] if r not in self.routes_kept]
        config["routes"] = self.routes_kept + [
            r for r in more if "type" in r or r["via"] in hosts or r["via"] == "10.0.1.2"]
        config["neighbors"]["static"] = [
            n for n in config["neighbors"]["static"] if hosts.get(n["ip"]) == n["interface"]]
