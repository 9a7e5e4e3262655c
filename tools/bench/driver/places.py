"""Where things lie."""
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent
CONF = BENCH / "conf"
RELEASE = ROOT / "build" / "release"
WORK = ROOT / "build" / "bench"
STANDALONE_TOOLS = WORK / "tools"
PORTKEY = WORK / "cache" / "portkey"
PORTKEY_SERVER = PORTKEY / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
CLAUDE = WORK / "cache" / "claude"
CLAUDE_PROGRAM = CLAUDE / "node_modules" / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
CLAUDE_PROXY = CLAUDE / "node_modules" / "claude-max-api-proxy" / "dist" / "server" / "standalone.js"
RESULTS = BENCH / "RESULTS.md"
