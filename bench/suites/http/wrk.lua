-- Requests of a different client each time: the jar has one Cookie header a line. Arguments: the path, the jar.
local requests = {}
local sent = 0

function init(args)
  for cookies in io.lines(args[2]) do
    requests[#requests + 1] = wrk.format("GET", args[1], { ["Cookie"] = cookies })
  end
  io.stderr:write("ready\n")
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '@@{"requests":%d,"microseconds":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect, errors.read, errors.write, errors.timeout
  ))
end
