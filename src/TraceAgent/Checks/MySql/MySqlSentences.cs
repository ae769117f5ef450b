namespace Apm.TraceAgent.Checks.MySql;

/// <summary>What is said to the user when the server refuses: what happened, what is missing for it, and the statement that cures it.</summary>
static class MySqlSentences
{
    /// <summary>Errors of the server, as its manual numbers them.</summary>
    const int AccessDeniedForDatabase = 1044, AccessDenied = 1045, TooManyConnections = 1040, TableAccessDenied = 1142, HostNotAllowed = 1130,
        TooManyUserConnections = 1203, UserLimitReached = 1226, PrivilegeNeeded = 1227, OldAuthentication = 1251, AccessDeniedNoPassword = 1698;

    /// <summary>Why there is no connection, and what to do.</summary>
    public static string NoConnection(MySqlCheckSettings settings, MySqlRefusedException fault)
    {
        var server = Server(settings);
        return fault.Number switch
        {
            AccessDenied or AccessDeniedNoPassword =>
                $"mysql: {server} refused the user '{settings.User}': the password is wrong, or there is no such account for this host. Check `username` and `password` in mysql.d/conf.yaml; " +
                $"a new account is made with: CREATE USER '{settings.User}'@'localhost' IDENTIFIED BY '<password>';",
            TooManyUserConnections or UserLimitReached =>
                $"mysql: {server} lets '{settings.User}' open no further connection: its limit is reached (max_user_connections). The check needs one at a time; SHOW PROCESSLIST says who holds them, and " +
                $"ALTER USER '{settings.User}'@'localhost' WITH MAX_USER_CONNECTIONS 5; sets the limit.",
            TooManyConnections => $"mysql: {server} has all its connections in use (max_connections). Close some, or raise max_connections.",
            HostNotAllowed =>
                $"mysql: {server} takes no connections from this host. Use the address that the account is for ('{settings.User}'@'localhost' means 127.0.0.1 or a socket), or make an account for this host.",
            OldAuthentication =>
                $"mysql: {server} and the check agree on no way to log in ({Sentence(fault.Message)}). ALTER USER '{settings.User}'@'localhost' IDENTIFIED WITH mysql_native_password BY '<password>';",
            _ => $"mysql: {server} cannot be reached: {Sentence(fault.Message)} Check that the server runs, and `host`, `port` or `sock` in mysql.d/conf.yaml.",
        };
    }

    /// <summary>The server went away while it was asked.</summary>
    public static string Gone(MySqlCheckSettings settings, string statement, MySqlRefusedException fault) =>
        $"mysql: {Server(settings)} went away at `{Statement(statement)}`: {Sentence(fault.Message)} What was read before counts; the next run connects anew. The server's error log says why it ended.";

    /// <summary>One statement was refused; the rest of the run goes on.</summary>
    /// <param name="missing">What is not collected for it.</param>
    /// <param name="grant">Privilege and place, such as <c>PROCESS ON *.*</c>.</param>
    /// <param name="account">As the server knows it, such as <c>datadog@localhost</c>; null when it was not told.</param>
    public static string Refused(string statement, MySqlRefusedException fault, string missing, string grant, string? account) =>
        IsPrivilege(fault)
            ? $"mysql: `{Statement(statement)}` needs a right that the account does not have, so {missing} is missing. Run on the server: GRANT {grant} TO {Account(account)};"
            : $"mysql: `{Statement(statement)}` failed, so {missing} is missing: {Sentence(fault.Message)}";

    /// <summary>Whether a right is what is missing.</summary>
    public static bool IsPrivilege(MySqlRefusedException fault) => fault.Number is PrivilegeNeeded or TableAccessDenied or AccessDeniedForDatabase or AccessDenied;

    /// <summary>The account in quotes, as statements want it; parts that need it are escaped.</summary>
    public static string Account(string? account)
    {
        if (account is null || account.LastIndexOf('@') is not (>= 0 and var at)) return "'datadog'@'localhost'";
        return $"'{account[..at].Replace("'", "''", StringComparison.Ordinal)}'@'{account[(at + 1)..].Replace("'", "''", StringComparison.Ordinal)}'";
    }

    static string Server(MySqlCheckSettings settings) => settings.Socket is { } socket ? $"the server at {socket}" : $"the server at {settings.Host}:{settings.Port}";

    static string Sentence(string message) => message.Length == 0 || message[^1] is '.' or '!' or ')' ? message : message + ".";

    static string Statement(string statement)
    {
        var line = string.Join(' ', statement.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 80 ? line : string.Concat(line.AsSpan(0, 79), "…");
    }
}
