namespace Apm.Core.Dashboards;

/// <summary>By which of the three calls a board was made; only a list and a shape of answers depend on it (metrics-monitors §4.9–4.11).</summary>
public enum BoardForm
{
    /// <summary><c>/api/v1/dashboard</c>, and the screens.</summary>
    Dashboard,

    /// <summary><c>/api/v1/dash</c>: graphs beneath each other.</summary>
    Timeboard,

    /// <summary><c>/api/v1/screen</c>: widgets at places of their own.</summary>
    Screenboard,
}

/// <summary>A board of widgets as somebody made it. Members that nobody here reads are kept as JSON and given back.</summary>
public sealed record Dashboard
{
    /// <summary>Who made a board when nobody said so: there are no users.</summary>
    public const string NobodysHandle = "user@localhost";

    /// <summary>Three groups of three from <c>a-z2-9</c>, such as <c>abc-def-ghj</c>; "" before it is kept.</summary>
    public string Id { get; init; } = "";

    /// <summary>By which the old calls name it; ascending, 0 before it is kept.</summary>
    public long Number { get; init; }

    public BoardForm Form { get; init; }

    public required string Title { get; init; }

    /// <summary>Null when none was given.</summary>
    public string? Description { get; init; }

    /// <summary>Says that others should leave it as it is; nobody is kept from changing it.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether widgets have places in pixels of a canvas (<c>free</c>), or in twelve columns (<c>ordered</c>).</summary>
    public bool IsFree { get; init; }

    /// <summary>In the order in which they were given.</summary>
    public IReadOnlyList<Widget> Widgets { get; init; } = [];

    /// <summary>Null when none were given, which old clients are told as null.</summary>
    public IReadOnlyList<TemplateVariable>? Variables { get; init; }

    /// <summary>A JSON object of the other members, as they were sent; null when there are none.</summary>
    public string? Rest { get; init; }

    public string Author { get; init; } = NobodysHandle;

    public long CreatedUnixNanos { get; init; }

    public long ModifiedUnixNanos { get; init; }

    /// <summary>From 1, one more with every save.</summary>
    public int Version { get; init; }

    /// <summary>When it was deleted; 0 while it is there. A deleted one can be brought back for a while.</summary>
    public long DeletedUnixNanos { get; init; }

    /// <summary>The title as part of an address: <c>my-board</c>.</summary>
    public string Slug() => new([.. Title.ToLowerInvariant().Where(c => c is ' ' or '-' || char.IsLetterOrDigit(c)).Select(c => c == ' ' ? '-' : c)]);
}

/// <summary>One widget.</summary>
/// <param name="Id">Given when the board is kept; unique on it.</param>
/// <param name="Definition">A JSON object in the form of <c>/api/v1/dashboard</c>, as it was sent; <see cref="WidgetReader"/> says what it means.</param>
public sealed record Widget(long Id, string Definition)
{
    /// <summary>Null when the board places it by itself.</summary>
    public WidgetLayout? Layout { get; init; }

    /// <summary>A JSON object of the layout's other members, such as <c>is_column_break</c>, as they were sent; null when there are none.</summary>
    public string? LayoutRest { get; init; }

    /// <summary>The graph or widget of an old call, as it was sent, from which <see cref="Definition"/> was made; null for others. Given back by that call.</summary>
    public string? Sent { get; init; }
}

/// <summary>A place: columns and rows of a board of twelve columns, or units of a free canvas.</summary>
public sealed record WidgetLayout(int X, int Y, int Width, int Height);

/// <summary>A word for a tag that whoever looks at the board may choose.</summary>
/// <param name="Name">Queries say <c>$name</c>.</param>
/// <param name="Prefix">The tag's key; null when values are whole tags.</param>
/// <param name="Defaults">What it stands for at first; empty or <c>*</c> for everything. As they were sent: with the key or without.</param>
/// <param name="Sent">The variable's JSON, as it was sent.</param>
public sealed record TemplateVariable(string Name, string? Prefix, IReadOnlyList<string> Defaults, string Sent)
{
    /// <summary>The values to choose from; empty for all that there are.</summary>
    public IReadOnlyList<string> Available { get; init; } = [];

    /// <summary>A value without the key: <c>my-host</c> of <c>host:my-host</c>.</summary>
    public string ValueOf(string given) => Prefix is { } key && given.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase) ? given[(key.Length + 1)..] : given;

    /// <summary>A chosen value as a whole tag, as queries need it; <c>*</c> stays.</summary>
    public string TagOf(string value) => value == "*" || Prefix is not { } key || value.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase) ? value : $"{key}:{value}";
}

/// <summary>A board cannot be kept, changed or read as was asked; the message says why, for whoever asked.</summary>
public sealed class DashboardException(string message) : Exception(message);
