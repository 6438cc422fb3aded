# From a flattened network_data.json, what the NIC with the address `mac` is to have: "mtu 1450", "address 10.42.0.5 255.255.255.0".
{ key = $1; sub(/^[^ ]+ ?/, ""); of[key] = $0; split(key, part, "."); if (part[2] + 0 > most) most = part[2] + 0 }
END {
  for (l = 0; l <= most; l++) {
    if (tolower(of["links." l ".ethernet_mac_address"]) != mac) continue
    mtu = of["links." l ".mtu"]
    if (mtu + 0 > 0) print "mtu", mtu
    for (n = 0; n <= most; n++)
      if (of["networks." n ".link"] == of["links." l ".id"] && of["networks." n ".type"] == "ipv4")
        print "address", of["networks." n ".ip_address"], of["networks." n ".netmask"]
  }
}
