using System.Text;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// Turns a resource and a scope into what all their spans share: the payload, the service, and the tags that are copied to each span
/// (trace-intake §7.5). Done once per resource and once per scope.
/// </summary>
internal sealed class OtelResourceMapper(SpanBatch batch, Payload template, OtelKeyTable keys, OtelTexts texts)
{
    int _resourceTagCount;
    bool _resourceTagsReplaced;
    int _tagCount;
    int[] _tagKeys = new int[64];
    int[] _tagValues = new int[64];
    int _payload;
    readonly Dictionary<(int, int, int, int, int, int, bool), int> _shared = [];

    /// <summary>Attributes of the resource, filled by the decoder before <see cref="MapResource"/>.</summary>
    public OtelAttributes Resource { get; } = new();

    /// <summary>Attributes of the scope, filled by the decoder before <see cref="MapScope"/>.</summary>
    public OtelAttributes Scope { get; } = new();

    /// <summary>The resource's <c>service.name</c>; never "".</summary>
    public int Service { get; private set; }

    /// <summary>One of <see cref="OtelWords"/>: the service of a resource that names none.</summary>
    public int NoService { get; set; } = OtelWords.NoService;

    /// <summary>Resources that say the same of the sender share a payload: Zipkin has no resources, each span brings its own.</summary>
    public bool SharePayloads { get; set; }

    /// <summary>The scope is <c>ApmTracer.StartSpan</c>'s: what its spans are called is their operation, unless <c>operation.name</c> says it.</summary>
    public bool NamesOperations { get; private set; }

    public ReadOnlySpan<int> TagKeys => _tagKeys.AsSpan(0, _tagCount);
    public ReadOnlySpan<int> TagValues => _tagValues.AsSpan(0, _tagCount);

    /// <summary>Index of the resource's payload, which is added to the batch when its first span is.</summary>
    public int Payload
    {
        get
        {
            if (_payload < 0) _payload = SharePayloads ? SharedPayload() : AddPayload();
            return _payload;
        }
    }

    public void MapResource()
    {
        _payload = -1;
        MapResourceTags();
    }

    void MapResourceTags()
    {
        _tagCount = 0;
        _resourceTagCount = 0;
        _resourceTagsReplaced = false;
        Service = First(OtelKey.ServiceName);
        if (Service == 0) Service = texts.Of(NoService);
        SetIfAny(OtelWords.Env, Env);
        SetIfAny(OtelWords.Version, AppVersion);
        CopyAll(Resource);
        if (ContainerTagList() is var list and not 0) Set(texts.Of(OtelWords.ContainerTags), list, onlyIfAbsent: true); // The sender's own list goes before.
        _resourceTagCount = _tagCount;
    }

    public void MapScope(int name, int version)
    {
        if (_resourceTagsReplaced) MapResourceTags();
        _tagCount = _resourceTagCount;
        CopyAll(Scope);
        NamesOperations = batch.Strings.Utf8(name).SequenceEqual("Apm.Tracer"u8);
        SetIfAny(OtelWords.LibraryName, name);
        SetIfAny(OtelWords.LibraryVersion, version);
    }

    int AddPayload()
    {
        batch.Payloads.Add(template with
        {
            Language = Text(Language, template.Language),
            TracerVersion = SdkVersion != 0 ? "otlp-" + Text(SdkVersion, "") : template.TracerVersion,
            Env = Text(Env, template.Env),
            Hostname = Text(Host, template.Hostname),
            AppVersion = Text(AppVersion, template.AppVersion),
            ContainerId = Text(Container, template.ContainerId),
            ClientComputedStats = template.ClientComputedStats || Resource.Has(OtelKey.StatsComputed),
        });
        return batch.Payloads.Count - 1;
    }

    int SharedPayload()
    {
        var content = (Language, SdkVersion, Env, Host, AppVersion, Container, Resource.Has(OtelKey.StatsComputed));
        if (!_shared.TryGetValue(content, out var payload)) _shared.Add(content, payload = AddPayload());
        return payload;
    }

    int Language => First(OtelKey.SdkLanguage);
    int SdkVersion => First(OtelKey.SdkVersion);
    int Env => First(OtelKey.DeploymentEnvironmentName, OtelKey.DeploymentEnvironment);

    // The name before the id: it is the one that people and other agents on that machine use.
    int Host => First(OtelKey.DatadogHost, OtelKey.HostName, OtelKey.HostId);
    int AppVersion => First(OtelKey.ServiceVersion);
    int Container => First(OtelKey.DatadogContainerId, OtelKey.ContainerId, OtelKey.PodUid);

    void CopyAll(OtelAttributes attributes)
    {
        foreach (var attribute in attributes.Items)
        {
            var tag = keys.TagOf(attribute.Key, out var copy);
            if (copy != OtelCopy.Skip) Set(tag, texts.Of(attribute), onlyIfAbsent: copy == OtelCopy.IfAbsent);
        }
    }

    /// <summary>As Datadog's agent puts them together: <c>key:value,key:value</c>, in the order of the attributes; 0 when there are none.</summary>
    int ContainerTagList()
    {
        StringBuilder? list = null;
        foreach (var attribute in Resource.Items)
        {
            if (keys.ContainerTagOf(attribute.Key) is var tag && tag == 0 || texts.Of(attribute) is var value && value == 0) continue;
            (list is null ? list = new StringBuilder() : list.Append(',')).Append(Text(tag, "")).Append(':').Append(Text(value, ""));
        }
        return list is null ? 0 : batch.Strings.Intern(list.ToString());
    }

    void SetIfAny(int word, int value)
    {
        if (value != 0) Set(texts.Of(word), value, onlyIfAbsent: false);
    }

    void Set(int key, int value, bool onlyIfAbsent)
    {
        var at = TagKeys.IndexOf(key);
        if (at < 0)
        {
            at = _tagCount++;
            if (at == _tagKeys.Length)
            {
                Array.Resize(ref _tagKeys, at * 2);
                Array.Resize(ref _tagValues, at * 2);
            }
            _tagKeys[at] = key;
        }
        else if (onlyIfAbsent) return;
        else if (at < _resourceTagCount) _resourceTagsReplaced = true; // by this scope; not for the next
        _tagValues[at] = value;
    }

    /// <summary>The first of the resource's attributes that is there and not "".</summary>
    int First(OtelKey first, OtelKey second = OtelKey.None, OtelKey third = OtelKey.None)
    {
        if (Resource.TryGet(first, out var value) && texts.Of(value) is var a and not 0) return a;
        if (Resource.TryGet(second, out value) && texts.Of(value) is var b and not 0) return b;
        if (Resource.TryGet(third, out value) && texts.Of(value) is var c and not 0) return c;
        return 0;
    }

    // Not StringTable.Text: it would make room for all texts seen so far, once per resource.
    string Text(int text, string otherwise) => text == 0 ? otherwise : Encoding.UTF8.GetString(batch.Strings.Utf8(text));
}
