# Flattens JSON, compact or indented, to one line for each plain value: its path, a space, the value.
# Example: {"links":[{"id":"tap1"}]} becomes "links.0.id tap1". Escapes in strings stay as they are written.
{ text = text $0 " " }
END { at = 1; value("") }

function skip_space() { while (substr(text, at, 1) ~ /[ \t\r]/) at++ }

function string(  start) {
  start = ++at
  while (substr(text, at, 1) != "\"" && at <= length(text)) at += substr(text, at, 1) == "\\" ? 2 : 1
  return substr(text, start, at++ - start)
}

function value(path,  first, start) {
  skip_space()
  first = substr(text, at, 1)
  if (first == "{") members(path, "}")
  else if (first == "[") members(path, "]")
  else if (first == "\"") print path, string()
  else {
    start = at
    while (substr(text, at, 1) ~ /[-+.0-9A-Za-z]/) at++
    print path, substr(text, start, at - start)
  }
}

function members(path, last,  count, name) {
  at++
  skip_space()
  for (count = 0; substr(text, at, 1) != last && at <= length(text); count++) {
    name = count
    if (last == "}") { name = string(); skip_space(); at++ }
    value(path == "" ? name : path "." name)
    skip_space()
    if (substr(text, at, 1) == ",") at++
    skip_space()
  }
  at++
}
