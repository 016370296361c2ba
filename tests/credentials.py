"""Made-up credentials of known forms, the same in every run; each is made at run time, none stands in a file."""

import base64
import json
import random
import string
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
HEX = "0123456789abcdef"
LETTERS = string.ascii_letters
WORD = BASE62 + "-_"
BASE32 = string.ascii_uppercase + "234567"
RANDOM = random.Random(20)  # noqa: S311 - the same tokens in every run


def drawn(alphabet: str, length: int) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(length))


def checked(prefix: str) -> str:
    """Return a token whose last six characters are the checksum of those before."""
    body = drawn(BASE62, 30)
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return prefix + body + digits.rjust(6, "0")


def jwt(header: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part({'sub': drawn(LETTERS, 12)})}.{drawn(WORD, 43)}"


def macaroon(host: str) -> str:
    raw = b"\x02\x01" + bytes([len(host)]) + host.encode() + b"\x02\x05" + RANDOM.randbytes(90)
    return "pypi" + "-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def pem(kind: str) -> str:
    lines = "\n".join(drawn(BASE62 + "+/", 64) for _ in range(6))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def hexed(*parts: str | int) -> str:
    return "".join(part if isinstance(part, str) else drawn(HEX, part) for part in parts)


def worded(*parts: str | int) -> str:
    return "".join(part if isinstance(part, str) else drawn(BASE62, part) for part in parts)


REAL = {
    "GitHub personal access token": checked("ghp" + "_"),
    "GitHub OAuth access token": checked("gho" + "_"),
    "GitHub app user token": checked("ghu" + "_"),
    "GitHub app server token": checked("ghs" + "_"),
    "GitHub refresh token": checked("ghr" + "_"),
    "npm access token": checked("npm" + "_"),
    "PyPI token": macaroon("pypi_org".replace("_", ".")),
    "TestPyPI token": macaroon("test_pypi_org".replace("_", ".")),
    "JSON web token": jwt({"alg": "HS256", "typ": "JWT"}),
    "AWS access key id (AKIA)": "AKIA" + drawn(BASE32, 16),
    "AWS access key id (ASIA)": "ASIA" + drawn(BASE32, 16),
    "AWS secret access key": "aws_secret_access_key = " + drawn(BASE62 + "/+", 40),
    "Amazon Bedrock key": "ABSK" + drawn(BASE62, 128),
    "Amazon MWS token": hexed("amzn.mws.", 8, "-", 4, "-", 4, "-", 4, "-", 12),
    "Google API key": "AIza" + drawn(WORD, 34) + "Q",
    "Google OAuth client secret": "GOCSPX-" + drawn(WORD, 27) + "Q",
    "Google OAuth access token": "ya29." + drawn(WORD, 80) + "Q",
    "Azure storage account key": "AccountKey=" + drawn(BASE62 + "+/", 86) + "==",
    "Azure shared access key": "SharedAccessKey=" + drawn(BASE62 + "+/", 43) + "=",
    "Azure AD client secret": worded(3, "8Q~", 34),
    "Azure shared access signature": "sig=" + drawn(BASE62, 43) + "%3D",
    "DigitalOcean personal token": hexed("dop_v1_", 64),
    "Databricks token": hexed("dapi", 32),
    "Heroku API key": worded("HRKU-AA", 58),
    "Netlify token": worded("nfp_", 36),
    "PlanetScale token": worded("pscale_tkn_", 43),
    "Supabase token": hexed("sbp_", 40),
    "Tailscale key": worded("tskey-auth-", 12, "-", 32),
    "Pulumi token": hexed("pul-", 40),
    "Vault service token": worded("hvs.", 95),
    "Doppler token": worded("dp.pt.", 43),
    "Grafana service account token": worded("glsa_", 32, "_") + drawn(HEX, 8),
    "Terraform Cloud token": worded(14, ".atlasv1.", 65),
    "Cloudflare origin CA key": hexed("v1.0-", 24, "-", 146),
    "OpenAI key": worded("sk-proj-", 40, "T3Blbk" + "FJ", 40),
    "OpenAI project key": worded("sk-proj-", 120),
    "Anthropic API key": worded("sk-ant-api03-", 93, "AA"),
    "Anthropic admin key": worded("sk-ant-admin01-", 93, "AA"),
    "OpenRouter key": hexed("sk-or-v1-", 64),
    "Hugging Face token": "hf_" + drawn(LETTERS, 34),
    "Groq key": worded("gsk_", 52),
    "xAI key": worded("xai-", 80),
    "Perplexity key": worded("pplx-", 48),
    "Replicate token": worded("r8_", 37),
    "Cerebras key": "csk-" + drawn(string.ascii_lowercase + string.digits, 48),
    "NVIDIA key": worded("nvapi-", 64),
    "LangSmith key": hexed("lsv2_pt_", 32, "_", 10),
    "GitHub fine-grained token": worded("github_pat_", 22, "_", 59),
    "GitLab personal token": worded("glpat-", 20),
    "GitLab trigger token": hexed("glptt-", 40),
    "GitLab runner token": worded("glrt-", 20),
    "Docker Hub token": worded("dckr_pat_", 27),
    "RubyGems key": hexed("rubygems_", 48),
    "crates.io token": worded("cio", 32),
    "SonarQube token": hexed("sqp_", 40),
    "Sentry user token": hexed("sntryu_", 64),
    "Slack token": hexed("xoxb-", "123456789012-123456789012-") + drawn(BASE62, 24),
    "Slack app token": "xapp-1-A" + drawn(BASE32, 9) + "-" + drawn(string.digits, 13) + "-" + drawn(HEX, 64),
    "Slack webhook": worded("https://hooks.slack.com/services/T", 8, "/B", 8, "/", 24),
    "Discord webhook": "https://discord.com/api/webhooks/" + drawn(string.digits, 18) + "/" + drawn(BASE62, 68),
    "Stripe live key": worded("sk_live_", 24),
    "Stripe webhook secret": worded("whsec_", 32),
    "Twilio API key": hexed("SK", 32),
    "Telegram bot token": drawn(string.digits, 10) + ":AA" + drawn(WORD, 32) + "Q",
    "Mailchimp key": hexed(32, "-us12"),
    "Mailgun key": hexed("key-", 32),
    "Shopify token": hexed("shpat_", 32),
    "SendGrid key": worded("SG.", 22, ".", 43),
    "Square access token": worded("sq0atp-", 22),
    "Brevo key": hexed("xkeysib-", 64, "-") + drawn(BASE62, 16),
    "New Relic key": "NRAK-" + drawn(string.ascii_uppercase + string.digits, 27),
    "Linear key": worded("lin_api_", 40),
    "Notion token": worded("ntn_", 46),
    "Postman key": hexed("PMAK-", 24, "-", 34),
    "Figma token": worded("figd_", 40),
    "Airtable token": worded("pat", 14, ".") + drawn(HEX, 64),
    "age secret key": "AGE-SECRET-KEY-1" + drawn("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "password in a URL": worded("postgresql+psycopg://app:", 18, "@db.internal/app"),
}
