r"""The forms of well-known tokens: a literal that is in each of them, a pattern, and what can be checked offline.

In a pattern, ``(...)`` is the part that is secret; it decides whether this is an example. Every run has an upper
bound, and a match begins only where a run begins (see ``BEFORE``), so that no line can make matching slow.

Source: the vendors' documentation of their own forms.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import NamedTuple

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

BEFORE = r"(?:(?<![A-Za-z0-9_\-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
"""A token begins behind anything but its own characters; in JSON and in URLs an escape may stand before it."""
AFTER = r"(?![A-Za-z0-9_])"


class Format(NamedTuple):
    kind: str
    keyword: str
    pattern: str
    valid: Callable[[str], bool] | None = None
    """Whether a whole match can be a real one: its checksum or its inside. None: nothing to check."""
    likely: bool = False
    """Whether it is reported as likely only: an identifier, or a key to a sandbox."""


def crc32_base62(token: str) -> bool:
    """Tell whether the last six characters are the CRC32, in base 62, of those between the prefix and them.

    Source: github.blog, "Behind GitHub's new authentication token formats"; npm's tokens are made the same way.
    """
    import zlib

    body = token.partition("_")[2]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits == body[-6:]


def json_header(token: str) -> bool:
    """Tell whether the first part of a JWT decodes to a JSON object that names an algorithm."""
    import json

    try:
        header = json.loads(_decoded(token.partition(".")[0]))
    except (ValueError, binascii.Error, RecursionError):
        return False
    # The token that every description of JWT shows is of a user 1234567890.
    return isinstance(header, dict) and "alg" in header and "IxMjM0NTY3ODkwI" not in token


def macaroon(token: str) -> bool:
    """Tell whether a PyPI token is a macaroon of version 2 made for an index: its location is a host."""
    try:
        raw = _decoded(token.partition("-")[2])
    except (ValueError, binascii.Error):
        return False
    return raw[:2] == b"\x02\x01" and b"pypi." in raw[:20]


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _rows(rows: Iterable[tuple[str, str, str]]) -> tuple[Format, ...]:
    """Return the formats of ``(kind, prefix, pattern of what follows it)``."""
    return tuple(Format(kind, prefix, prefix.replace(".", r"\.") + rest) for kind, prefix, rest in rows)


GITHUB = tuple(
    Format(f"GitHub {what} token", f"gh{letter}_", rf"gh{letter}_([A-Za-z0-9]{{36}})", crc32_base62)
    for letter, what in (
        ("p", "personal access"),
        ("o", "OAuth access"),
        ("u", "app user"),
        ("s", "app server"),
        ("r", "refresh"),
    )
)
CHECKED = (
    Format("npm access token", "npm_", r"npm_([A-Za-z0-9]{36})", crc32_base62),
    Format("PyPI token", "pypi-AgEIcHlwaS5vcmc", r"pypi-(AgEIcHlwaS5vcmc[\w\-]{50,1000}+)", macaroon),
    Format("TestPyPI token", "pypi-AgENdGVzdC5weXBpLm9yZw", r"pypi-(AgENdGVzdC5weXBpLm9yZw[\w\-]{50,1000}+)", macaroon),
    Format("JSON web token", "eyJ", r"(eyJ[\w\-]{10,2000}+\.eyJ[\w\-]{10,4000}+\.[\w\-]{20,1000}+)", json_header),
)
CLOUD = (
    *(
        Format(f"AWS access key id ({prefix})", prefix, rf"{prefix}([A-Z2-7]{{16}})")
        for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")
    ),
    Format(
        "AWS secret access key",
        "ecret",
        r"""(?i:\w{0,20}?(?:secret_?access_?key|aws_?secret(?:_?key)?))["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])""",
    ),
    Format("Amazon Bedrock key", "ABSK", r"ABSK([A-Za-z0-9+/]{109,269}+={0,2})"),
    Format("Amazon MWS token", "amzn.mws.", r"amzn\.mws\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"),
    Format("Google API key", "AIza", r"AIza([\w\-]{35})"),
    Format("Google OAuth client secret", "GOCSPX-", r"GOCSPX-([\w\-]{28})"),
    Format("Google OAuth access token", "ya29.", r"ya29\.([\w\-]{40,500}+)"),
    Format("Azure storage account key", "AccountKey=", r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    Format("Azure shared access key", "SharedAccessKey=", r"SharedAccessKey=([A-Za-z0-9+/]{43}=)"),
    Format("Azure AD client secret", "Q~", r"([\w~.\-]{3}[78]Q~[\w~.\-]{31,34})"),
    Format("Azure shared access signature", "sig=", r"sig=([A-Za-z0-9%]{43,70}%3[Dd])"),
    *_rows(
        (
            ("DigitalOcean personal token", "dop_v1_", "([0-9a-f]{64})"),
            ("DigitalOcean OAuth token", "doo_v1_", "([0-9a-f]{64})"),
            ("DigitalOcean refresh token", "dor_v1_", "([0-9a-f]{64})"),
            ("Databricks token", "dapi", r"([0-9a-f]{32})(?:-\d)?"),
            ("Heroku API key", "HRKU-AA", r"([\w\-]{58})"),
            ("Fly.io token", "fm2_", "([A-Za-z0-9+/]{100,500}+={0,3})"),
            ("Netlify token", "nfp_", "([A-Za-z0-9]{36})"),
            ("PlanetScale token", "pscale_tkn_", r"([\w.=\-]{32,64})"),
            ("PlanetScale password", "pscale_pw_", r"([\w.=\-]{32,64})"),
            ("Supabase token", "sbp_", "([0-9a-f]{40})"),
            ("Tailscale key", "tskey-", r"(?:auth|api|client)-(\w{11,21}-\w{22,40})"),
            ("Pulumi token", "pul-", "([0-9a-f]{40})"),
            ("Vault service token", "hvs.", r"([\w\-]{24,150}+)"),
            ("Vault batch token", "hvb.", r"([\w\-]{90,300}+)"),
            ("Doppler token", "dp.pt.", "([A-Za-z0-9]{43})"),
            ("Grafana cloud token", "glc_", "([A-Za-z0-9+/]{32,400}+={0,3})"),
            ("Grafana service account token", "glsa_", "([A-Za-z0-9]{32}_[A-Fa-f0-9]{8})"),
        )
    ),
    Format("Terraform Cloud token", ".atlasv1.", r"([A-Za-z0-9]{14}\.atlasv1\.[\w\-]{60,70})"),
    Format("Cloudflare origin CA key", "v1.0-", r"v1\.0-([0-9a-f]{24}-[0-9a-f]{146})"),
)
MODELS = (
    Format("OpenAI key", "T3BlbkFJ", r"sk-((?:(?:proj|svcacct|admin|None)-)?[\w\-]{20,90}T3BlbkFJ[\w\-]{20,90})"),
    Format("OpenAI project key", "sk-proj-", r"sk-proj-((?![\w\-]{20,90}T3BlbkFJ)[\w\-]{48,200}+)"),
    *_rows(
        (
            ("Anthropic API key", "sk-ant-api", r"\d\d-([\w\-]{80,120}+)"),
            ("Anthropic admin key", "sk-ant-admin", r"\d\d-([\w\-]{80,120}+)"),
            ("Anthropic OAuth token", "sk-ant-oat", r"\d\d-([\w\-]{80,120}+)"),
            ("OpenRouter key", "sk-or-v1-", "([0-9a-f]{64})"),
            ("Hugging Face token", "hf_", "([A-Za-z]{34})"),
            ("Hugging Face organisation token", "api_org_", "([A-Za-z]{34})"),
            ("Groq key", "gsk_", "([A-Za-z0-9]{52})"),
            ("xAI key", "xai-", "([A-Za-z0-9]{80})"),
            ("Perplexity key", "pplx-", "([A-Za-z0-9]{40,56})"),
            ("Replicate token", "r8_", "([A-Za-z0-9]{37})"),
            ("Cerebras key", "csk-", "([a-z0-9]{48})"),
            ("NVIDIA key", "nvapi-", r"([\w\-]{60,70})"),
            ("LangSmith key", "lsv2_", "(?:pt|sk)_([0-9a-f]{32}_[0-9a-f]{10})"),
        )
    ),
)
FORGES = (
    Format("GitHub fine-grained token", "github_pat_", r"github_pat_([A-Za-z0-9]{22}_[A-Za-z0-9]{59})"),
    Format("GitLab personal token", "glpat-", r"glpat-([\w\-]{20,300}+(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?)"),
    *_rows(
        (
            ("GitLab trigger token", "glptt-", "([0-9a-f]{40})"),
            ("GitLab deploy token", "gldt-", r"([\w\-]{20,60}+)"),
            ("GitLab runner token", "glrt-", r"([\w\-]{20,60}+)"),
            ("GitLab job token", "glcbt-", r"([\w\-]{20,100}+)"),
            ("GitLab SCIM token", "glsoat-", r"([\w\-]{20,60}+)"),
            ("GitLab agent token", "glagent-", r"([\w\-]{50})"),
            ("GitLab OAuth secret", "gloas-", "([0-9a-f]{64})"),
            ("Atlassian token", "ATATT3", r"([\w=\-]{180,200})"),
            ("Docker Hub token", "dckr_pat_", r"([\w\-]{27})"),
            ("RubyGems key", "rubygems_", "([0-9a-f]{48})"),
            ("crates.io token", "cio", "([A-Za-z0-9]{32})"),
            ("Clojars token", "CLOJARS_", "([0-9a-f]{60})"),
            ("NuGet key", "oy2", "([a-z0-9]{43})"),
            ("SonarQube token", "sqp_", "([0-9a-f]{40})"),
            ("SonarQube user token", "squ_", "([0-9a-f]{40})"),
            ("Sentry user token", "sntryu_", "([0-9a-f]{64})"),
            ("Sentry organisation token", "sntrys_", r"(eyJ[\w+/=\-]{80,300}+)"),
            ("Buildkite token", "bkua_", "([0-9a-f]{40})"),
            ("Artifactory key", "AKCp", "([A-Za-z0-9]{69})"),
            ("Artifactory reference token", "cmVmdGtu", "([A-Za-z0-9]{56})"),
        )
    ),
)
SERVICES = (
    Format("Slack token", "xox", r"(?:xox[abprs]|xoxe\.xox[bp])-(?:\d{1,13}-){0,3}([A-Za-z0-9\-]{15,250}+)"),
    Format("Slack app token", "xapp-", r"xapp-\d-([A-Z0-9]{5,20}-\d{5,20}-[a-z0-9]{40,100}+)"),
    Format("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/services/(T\w{6,12}/B\w{6,12}/\w{20,30})"),
    Format("Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/(\d{17,20}/[\w\-]{60,80}+)"),
    Format("Stripe live key", "_live_", r"[sr]k_live_([A-Za-z0-9]{16,250}+)"),
    Format("Stripe test key", "_test_", r"[sr]k_test_([A-Za-z0-9]{24,250}+)", likely=True),
    Format("Stripe webhook secret", "whsec_", r"whsec_([A-Za-z0-9+/]{32,64}+=?)"),
    Format("Twilio API key", "SK", r"SK([0-9a-f]{32})"),
    Format("Telegram bot token", ":AA", r"(\d{8,10}:AA[\w\-]{33})"),
    Format("Mailchimp key", "-us", r"([0-9a-f]{32}-us\d{1,2})"),
    Format("Shopify token", "shp", r"shp(?:at|ca|pa|ss)_([0-9a-fA-F]{32})"),
    Format("Airtable token", "pat", r"pat([A-Za-z0-9]{14}\.[0-9a-f]{64})"),
    Format("age secret key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1([QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})"),
    *_rows(
        (
            ("SendGrid key", "SG.", r"([\w\-]{22}\.[\w\-]{43})"),
            ("Square access token", "sq0atp-", r"([\w\-]{22})"),
            ("Square OAuth secret", "sq0csp-", r"([\w\-]{43})"),
            ("Mailgun key", "key-", "([0-9a-f]{32})"),
            ("Brevo key", "xkeysib-", "([0-9a-f]{64}-[A-Za-z0-9]{16})"),
            ("New Relic key", "NRAK-", "([A-Z0-9]{27})"),
            ("Linear key", "lin_api_", "([A-Za-z0-9]{40})"),
            ("Notion token", "ntn_", "([A-Za-z0-9]{40,50}+)"),
            ("Postman key", "PMAK-", "([0-9a-f]{24}-[0-9a-f]{34})"),
            ("Figma token", "figd_", r"([\w\-]{40})"),
            ("Typeform token", "tfp_", r"([\w\-]{40,64}+)"),
            ("Adafruit key", "aio_", "([A-Za-z0-9]{28})"),
            ("1Password service token", "ops_", r"(eyJ[\w\-]{200,1500}+)"),
            ("EasyPost key", "EZAK", "([A-Za-z0-9]{54})"),
        )
    ),
)
FORMATS = (*GITHUB, *CHECKED, *CLOUD, *MODELS, *FORGES, *SERVICES)
