using System.Text;
using Apm.Core.Counting;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// One batch being obfuscated. What there is to do is found once, from the strings that the batch holds at all: a batch without
/// databases, URLs and card numbers costs next to nothing per span.
/// </summary>
/// <remarks>One thread, one batch.</remarks>
sealed class ObfuscateRun
{
#pragma warning disable CA1028 // One byte per string.
    enum Subject : byte
#pragma warning restore CA1028
    {
        None,
        Sql,
        Redis,
        Valkey,
        Memcached,
        MongoDb,
        Elasticsearch,
        OpenSearch,
        Url,
    }

    /// <summary>Types of spans, and the tag that holds their text; SQL stands in the resource.</summary>
    static readonly (string Type, Subject Subject, string TextKey)[] Types =
    [
        ("sql", Subject.Sql, ""), ("cassandra", Subject.Sql, ""),
        ("redis", Subject.Redis, "redis.raw_command"), ("valkey", Subject.Valkey, "valkey.raw_command"), ("memcached", Subject.Memcached, "memcached.command"),
        ("mongodb", Subject.MongoDb, "mongodb.query"), ("elasticsearch", Subject.Elasticsearch, "elasticsearch.body"), ("opensearch", Subject.OpenSearch, "opensearch.body"),
        ("http", Subject.Url, TagNames.HttpUrl), ("web", Subject.Url, TagNames.HttpUrl),
    ];

    readonly SpanBatch _batch;
    readonly Obfuscator _obfuscator;
    readonly ObfuscationSettings _settings;
    readonly BoundedText _scratch;
    readonly Dictionary<string, int> _repairs = [];

    readonly Subject[] _subjects; // by a type's index; empty when no span can have one
    readonly bool[]? _cards;      // by a value's index; null when no string is a card number
    readonly Dictionary<int, bool> _cardExempt = [];
    readonly int[] _textKeys = new int[(int)Subject.Url + 1]; // -1 when the batch has no such tag
    readonly int _eventsKey;
    readonly int[] _stackKeys;
    readonly int[] _statementKeys;
    readonly TextMemo?[] _results = new TextMemo?[(int)Subject.Url + 1];
    TextMemo? _commands;
    TextMemo? _events;
    StatementMemo? _statements;
    int _sqlQueryKey;
    int _hidden;

    public ObfuscateRun(SpanBatch batch, Obfuscator obfuscator)
    {
        _batch = batch;
        _obfuscator = obfuscator;
        _settings = obfuscator.Settings;
        _scratch = new BoundedText(_settings.MaxResultBytes);
        var strings = batch.Strings;
        _statementKeys = KeysOf(strings, "db.statement", "db.query.text");
        _stackKeys = _settings.RemoveStackTraces ? KeysOf(strings, TagNames.ErrorStack, "exception.stacktrace") : [];
        _cards = _settings.CreditCardsEnabled ? FindCards(strings, _settings.CreditCardsLuhn) : null;
        _eventsKey = _settings.CreditCardsEnabled || _settings.RemoveStackTraces ? strings.Find(TagNames.SpanEvents) : -1;
        _subjects = FindSubjects(strings);
        IsIdle = _subjects.Length == 0 && _cards is null && _eventsKey < 0 && _stackKeys.Length == 0;
    }

    /// <summary>Nothing in this batch can need anything; <see cref="Apply"/> would change no span.</summary>
    public bool IsIdle { get; }

    /// <summary>Hides one span's values.</summary>
    public void Apply(int span)
    {
        var type = _batch.Types[span];
        if ((uint)type < (uint)_subjects.Length && _subjects[type] is var subject and not Subject.None) ApplySubject(span, subject);
        if (_cards is not null) HideCards(span);
        foreach (var key in _stackKeys) Change(span, key, static (run, _) => run.Hidden());
        if (_eventsKey >= 0) Change(span, _eventsKey, static (run, events) => run.EventsOf(events));
    }

    /// <summary>Adds up what could not be read, once per batch.</summary>
    public void ReportRepairs(Counters counters)
    {
        foreach (var (reason, count) in _repairs) counters.Add("spans_repaired", reason, count);
    }

    void ApplySubject(int span, Subject subject)
    {
        switch (subject)
        {
            case Subject.Sql: ApplySql(span); break;
            case Subject.Redis: ApplyRedis(span, subject, _settings.RedisEnabled); break;
            case Subject.Valkey: ApplyRedis(span, subject, _settings.ValkeyEnabled); break;
            case Subject.Url: ChangeResult(span, _textKeys[(int)subject], subject); break;
            default: ApplyText(span, subject); break;
        }
    }

    void ApplySql(int span)
    {
        var statements = _statements ??= new StatementMemo(_batch.Strings, _settings, _scratch);
        var tags = _batch.Tags;
        var dialect = statements.DialectOf(tags, span);
        foreach (var key in _statementKeys)
            if (Position(span, key) is var at and >= 0) tags.Values[at] = statements.Of(tags.Values[at], dialect);

        var resource = _batch.Resources[span];
        if (resource == 0) return;
        var result = statements.Of(resource, dialect);
        if (result == statements.NonParsable) Repaired(_batch.Strings.Utf8(resource).Length > _settings.MaxStatementBytes ? "sql_too_long" : "sql_unparsable");
        _batch.Resources[span] = result;
        if (_sqlQueryKey == 0) _sqlQueryKey = _batch.Strings.Intern("sql.query");
        tags.Set(span, _sqlQueryKey, result);
    }

    void ApplyRedis(int span, Subject subject, bool hidesValues)
    {
        _batch.Resources[span] = CommandsOf(_batch.Resources[span]);
        if (!hidesValues) return;
        ChangeResult(span, _textKeys[(int)subject], subject);
        foreach (var key in _statementKeys) ChangeResult(span, key, subject);
    }

    /// <summary>The tag that holds the statement; OpenTelemetry's name for it; and the resource, where OpenTelemetry puts it as well (§7.7).</summary>
    void ApplyText(int span, Subject subject)
    {
        ChangeResult(span, _textKeys[(int)subject], subject);
        foreach (var key in _statementKeys)
        {
            if (Position(span, key) is not (var at and >= 0)) continue;
            var statement = _batch.Tags.Values[at];
            var result = ResultOf(subject, statement);
            _batch.Tags.Values[at] = result;
            if (_batch.Resources[span] == statement) _batch.Resources[span] = result == 0 ? _batch.Names[span] : result;
        }
    }

    void HideCards(int span)
    {
        var tags = _batch.Tags;
        for (var t = tags.Starts[span]; t < tags.Starts[span] + tags.Counts[span]; t++)
        {
            var value = tags.Values[t];
            if ((uint)value < (uint)_cards!.Length && _cards[value] && !IsCardExempt(tags.Keys[t])) tags.Values[t] = Hidden();
        }
    }

    int CommandsOf(int resource)
    {
        var memo = _commands ??= new TextMemo(_batch.Strings);
        if (memo.TryGet(resource, out var known)) return known;
        RedisObfuscator.Quantize(_batch.Strings.Utf8(resource), _scratch);
        return memo.Set(resource, _batch.Strings.Intern(_scratch.Written));
    }

    int ResultOf(Subject subject, int text)
    {
        var memo = _results[(int)subject] ??= new TextMemo(_batch.Strings);
        return memo.TryGet(text, out var known) ? known : memo.Set(text, MakeResult(subject, text));
    }

    int MakeResult(Subject subject, int text)
    {
        var strings = _batch.Strings;
        var utf8 = strings.Utf8(text);
        switch (subject)
        {
            case Subject.Redis: RedisObfuscator.Obfuscate(utf8, _settings.RedisRemoveAllArguments, _scratch); break;
            case Subject.Valkey: RedisObfuscator.Obfuscate(utf8, _settings.ValkeyRemoveAllArguments, _scratch); break;
            case Subject.Memcached:
                _scratch.Clear();
                _scratch.Append(MemcachedObfuscator.Obfuscate(utf8, _settings.MemcachedKeepCommand));
                break;
            case Subject.MongoDb: _obfuscator.MongoDb.Obfuscate(utf8, _scratch); break;
            case Subject.Elasticsearch: _obfuscator.Elasticsearch.Obfuscate(utf8, _scratch); break;
            case Subject.OpenSearch: _obfuscator.OpenSearch.Obfuscate(utf8, _scratch); break;
            case Subject.Url:
                if (!UrlObfuscator.TryObfuscate(utf8, _settings.HttpRemoveQueryString, _settings.HttpRemovePathsWithDigits, _scratch)) return text;
                break;
        }
        return strings.Intern(_scratch.Written);
    }

    int EventsOf(int events)
    {
        var memo = _events ??= new TextMemo(_batch.Strings);
        if (memo.TryGet(events, out var known)) return known;
        var utf8 = _batch.Strings.Utf8(events);
        var isSuspect = _settings.RemoveStackTraces || CardNumbers.MayContain(utf8);
        var rewritten = isSuspect ? SpanEventsRewriter.Rewrite(utf8, HideAttribute) : null;
        return memo.Set(events, rewritten is null ? events : _batch.Strings.Intern(rewritten));
    }

    string? HideAttribute(string key, string value)
    {
        if (_settings.RemoveStackTraces && key is TagNames.ErrorStack or "exception.stacktrace") return "?";
        return _settings.CreditCardsEnabled && value.Length <= 256 && !_obfuscator.IsCardExempt(key) && CardNumbers.IsCard(Encoding.UTF8.GetBytes(value), _settings.CreditCardsLuhn) ? "?" : null;
    }

    bool IsCardExempt(int key)
    {
        if (!_cardExempt.TryGetValue(key, out var isExempt)) _cardExempt[key] = isExempt = _obfuscator.IsCardExempt(_batch.Strings.Text(key));
        return isExempt;
    }

    int Hidden() => _hidden == 0 ? _hidden = _batch.Strings.Intern("?"u8) : _hidden;

    void ChangeResult(int span, int key, Subject subject)
    {
        if (Position(span, key) is var at and >= 0) _batch.Tags.Values[at] = ResultOf(subject, _batch.Tags.Values[at]);
    }

    /// <summary>Changes a tag that is there and not empty.</summary>
    void Change(int span, int key, Func<ObfuscateRun, int, int> change)
    {
        if (Position(span, key) is var at and >= 0) _batch.Tags.Values[at] = change(this, _batch.Tags.Values[at]);
    }

    /// <summary>Where a tag stands in the pool; -1 when the span has none or an empty one.</summary>
    int Position(int span, int key)
    {
        if (key < 0) return -1;
        var tags = _batch.Tags;
        var at = tags.Keys.AsSpan(tags.Starts[span], tags.Counts[span]).IndexOf(key);
        return at >= 0 && tags.Values[tags.Starts[span] + at] != 0 ? tags.Starts[span] + at : -1;
    }

    Subject[] FindSubjects(StringTable strings)
    {
        Subject[] subjects = [];
        foreach (var (type, subject, textKey) in Types)
        {
            if (strings.Find(type) is not (var index and >= 0) || !IsWanted(subject)) continue;
            var key = strings.Find(textKey);
            if (subject == Subject.Url && key < 0) continue;
            _textKeys[(int)subject] = key;
            if (subjects.Length == 0) subjects = new Subject[strings.Count];
            subjects[index] = subject;
        }
        return subjects;
    }

    bool IsWanted(Subject subject) => subject switch
    {
        Subject.Sql => _settings.SqlEnabled,
        Subject.Memcached => _settings.MemcachedEnabled,
        Subject.MongoDb => _settings.MongoDb.Enabled,
        Subject.Elasticsearch => _settings.Elasticsearch.Enabled,
        Subject.OpenSearch => _settings.OpenSearch.Enabled,
        _ => true,
    };

    static int[] KeysOf(StringTable strings, params string[] keys) => [.. keys.Select(strings.Find).Where(key => key >= 0)];

    static bool[]? FindCards(StringTable strings, bool luhn)
    {
        bool[]? cards = null;
        for (var i = 1; i < strings.Count; i++)
            if (CardNumbers.IsCard(strings.Utf8(i), luhn)) (cards ??= new bool[strings.Count])[i] = true;
        return cards;
    }

    void Repaired(string reason) => _repairs[reason] = _repairs.GetValueOrDefault(reason) + 1;
}
