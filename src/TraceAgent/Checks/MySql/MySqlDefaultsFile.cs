namespace Apm.TraceAgent.Checks.MySql;

/// <summary>
/// Reads the <c>[client]</c> part of an option file (<c>~/.my.cnf</c>): <c>key = value</c> or <c>key=value</c>, values bare or in quotes, comments
/// with <c>#</c> or <c>;</c>, dashes and underscores alike. Other parts, unknown keys and <c>!include</c> lines are passed over.
/// </summary>
public static class MySqlDefaultsFile
{
    /// <summary>Largest file that is read; a larger one is refused.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The instance's settings with what the file has in place of host, user, password, port and socket.</summary>
    /// <exception cref="CheckFailedException">The file cannot be read.</exception>
    public static MySqlCheckSettings Apply(MySqlCheckSettings settings, string path)
    {
        string text;
        try
        {
            var size = new FileInfo(path).Length;
            if (size > MaxBytes) throw new CheckFailedException($"mysql: defaults_file {path} has {size:N0} bytes; an option file has at most {MaxBytes:N0}. Give the path of a my.cnf.");
            text = File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CheckFailedException($"mysql: defaults_file {path} cannot be read: {fault.Message} It must be readable by the user that runs the agent.", fault);
        }
        return Apply(settings, Client(text));
    }

    /// <summary>The keys of <c>[client]</c>, dashes as underscores.</summary>
    public static IReadOnlyDictionary<string, string> Client(string text)
    {
        var keys = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var inClient = false;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';' or '!') continue;
            if (line[0] is '[') inClient = line.Equals("[client]", StringComparison.OrdinalIgnoreCase);
            else if (inClient && line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
                keys[line[..equals].Trim().Replace('-', '_')] = Unquoted(line[(equals + 1)..].Trim());
        }
        return keys;
    }

    static MySqlCheckSettings Apply(MySqlCheckSettings settings, IReadOnlyDictionary<string, string> client) => settings with
    {
        Host = client.GetValueOrDefault("host") ?? (settings.Host.Length > 0 ? settings.Host : "localhost"),
        User = client.GetValueOrDefault("user") ?? settings.User,
        Password = client.GetValueOrDefault("password") ?? settings.Password,
        Port = ushort.TryParse(client.GetValueOrDefault("port"), out var port) && port > 0 ? port : settings.Port,
        Socket = client.GetValueOrDefault("socket") ?? settings.Socket,
        Tls = client.ContainsKey("ssl_ca") || client.ContainsKey("ssl_cert")
            ? new MySqlTls(client.GetValueOrDefault("ssl_key"), client.GetValueOrDefault("ssl_cert"), client.GetValueOrDefault("ssl_ca"), settings.Tls?.CheckHostname ?? true)
            : settings.Tls,
    };

    /// <summary>Without the quotes around it; a bare value ends at a comment sign that follows a blank.</summary>
    static string Unquoted(string value)
    {
        if (value.Length >= 2 && value[0] is '"' or '\'' && value.IndexOf(value[0], 1) is > 0 and var close) return value[1..close];
        return value.IndexOf(" #", StringComparison.Ordinal) is >= 0 and var comment ? value[..comment].TrimEnd() : value;
    }
}
