using System.Text.RegularExpressions;

namespace Apm.Core.Diagnosis;

/// <summary>
/// Takes secrets out of what the doctor's witnesses saw, and cuts what is long. Applied where a fact is made and once more where it is
/// taken in: a fact never holds a secret, so nothing that shows facts has to think of it.
/// </summary>
public static class SecretText
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Stars = "***";

    /// <summary>Most characters of a text that a witness tells; default 500. The rest is cut, and <c>…</c> says so.</summary>
    public const int MaxTextChars = 500;

    // What senders tell may be long and made to be slow: none of these looks back, so that each takes time in proportion to the text.
    static readonly Regex UserInfo = Pattern(@"(://)[^\s'""<>]+@");
    static readonly Regex Cookie = Pattern(@"(cookie[\\""']*\s*:\s*)[^'""\r\n]+");
    static readonly Regex Authorization = Pattern(@"(authorization[\\""']*\s*[=:]\s*[\\""']*)[^\s'"",;]+\s+[^\s'""]+");
    static readonly Regex Bearer = Pattern(@"(\b(?:bearer|basic)\s+)[^\s'""]+");
    static readonly Regex Option = Pattern(@"(-[\w-]*(?:(?:key|secret|token|password|passwd|passphrase|pwd|credential)[\w-]*|pass)\s+)[^\s-]\S*");
    static readonly Regex Assigned = Pattern(@"((?:(?:key|secret|token|password|passwd|passphrase|pwd|credential|auth|signature|session|jwt)\w*|pass|[?&;](?:sig|code|sid))[\\""']*\s*[=:]\s*)(?:\\?""[^""]*""?|'[^']*'?|[^\s&;,'""]+)");
    static readonly Regex Login = Pattern(@"((?:^|\s)(?:-u|--user)[\s=]+[^\s:/@-][^\s:/@]*:)\S+");
    static readonly Regex Clients = Pattern(@"(\bsshpass\s+-p\s+|\bredis-cli\b[^|;&]*\s-a\s+)\S+");
    static readonly Regex ShortPassword = new(@"(^|[\s'""])-p([^\s'""=]+)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Options of one dash that begin with a p and hold no secret, without the p; and programs of which a number behind -p is a password, not a port.</summary>
    static readonly string[] PlainP = ["ort", "orts", "ath", "id", "idfile", "rof", "rofile", "refix", "rint", "lugin", "ackage", "roject", "roxy", "ublish", "ipe", "arallel", "retty", "reload", "rocess", "rocesses", "ool", "r", "v", "y", "thon"];

    /// <inheritdoc cref="PlainP"/>
    static readonly string[] ClientsWithPasswords = ["mysql", "mariadb", "sshpass", "ssql"];

    static readonly string[] Words = ["key", "secret", "token", "password", "passwd", "pwd", "credential", "authorization", "cookie", "private", "headers"];

    /// <summary>True when the name of a variable or setting says that its value is a secret.</summary>
    public static bool IsSecretName(string name) => Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The value of a variable or setting: stars when its name says that it is a secret; else as <see cref="Masked"/>.</summary>
    public static string MaskedValue(string name, string value) => value.Length > 0 && IsSecretName(name) ? Stars : Masked(value);

    /// <summary>
    /// A text without what stands before the @ of an address, behind <c>password=</c>, <c>--password</c>, <c>-pSECRET</c>, <c>-u me:SECRET</c>,
    /// <c>?token=</c> and the like, or in a header that says who asks. Rather hides too much than too little.
    /// </summary>
    public static string Masked(string text)
    {
        if (text.Length == 0) return "";
        text = UserInfo.Replace(text, "$1" + Stars + "@");
        // Headers come before what is assigned, which would take "Authorization: Bearer" for the whole of it.
        foreach (var secret in (Regex[])[Cookie, Authorization, Bearer, Option, Assigned, Login, Clients]) text = secret.Replace(text, "$1" + Stars);
        if (!text.Contains("-p", StringComparison.Ordinal)) return text;
        var hasClient = ClientsWithPasswords.Any(name => text.Contains(name, StringComparison.OrdinalIgnoreCase));
        return ShortPassword.Replace(text, found => IsPlain(found.Groups[2].ValueSpan, hasClient) ? found.Value : $"{found.Groups[1].Value}-p{Stars}");
    }

    /// <summary>What is joined to -p is a port, or the rest of a longer name.</summary>
    static bool IsPlain(ReadOnlySpan<char> joined, bool hasClient) => joined.ContainsAnyExceptInRange('0', '9') ? PlainP.Contains(joined.ToString(), StringComparer.Ordinal) || joined[0] == ':' : !hasClient && joined.Length <= 5;

    /// <summary>A command line on one line, without secrets and not too long.</summary>
    /// <param name="maxChars">Where it is cut.</param>
    public static string Command(IEnumerable<string> words, int maxChars)
    {
        var shown = new List<string>();
        var hidesNext = false;
        foreach (var word in words)
        {
            shown.Add(hidesNext ? Stars : word.AsSpan().ContainsAny("\n\r\t") ? word.ReplaceLineEndings(" ").Replace('\t', ' ') : word);
            // "--password x" says it in two words, "--password=x" in one.
            hidesNext = word.StartsWith('-') && !word.Contains('=', StringComparison.Ordinal) && (IsSecretName(word) || word.EndsWith("pass", StringComparison.OrdinalIgnoreCase));
        }
        return Cut(Masked(string.Join(' ', shown)), maxChars);
    }

    /// <summary>The text, at most so long.</summary>
    public static string Cut(string text, int maxChars = MaxTextChars) => text.Length <= maxChars ? text : text[..maxChars] + "…";

    static Regex Pattern(string pattern) => new(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}
