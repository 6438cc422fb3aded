# From a flattened meta_data.json, one line for each of its devices: keys and values, tags joined by commas.
$1 ~ /^devices\./ {
  key = $1
  sub(/^[^ ]+ ?/, "")
  split(key, part, ".")
  if (part[2] != last) { finish(); last = part[2] }
  if (part[3] == "tags") tags = tags (tags == "" ? "" : ",") $0
  else line = line " " part[3] "=" $0
}
END { finish() }
function finish() { if (line != "" || tags != "") print "L2-DEVICE" line " tags=" tags; line = tags = "" }
