using Apm.Wire.DogStatsD;

namespace Apm.Wire.Tests.DogStatsD;

/// <summary>The vectors of metrics-monitors §2.4 and §2.5.</summary>
public class EventAndCheckLineTests
{
    [Theory]
    [InlineData("_e{10,9}:test title|test text", "event \"test title\" | text \"test text\"")]
    [InlineData("_e{10,24}:test|title|test\\line1\\nline2\\nline3", "event \"test|title\" | text \"test\\line1⏎line2⏎line3\"")]
    [InlineData("_e{10,0}:test title||t:warning", "event \"test title\" | text \"\" | type warning")]
    [InlineData("_e{10,9}:test title|test text|d:21", "event \"test title\" | text \"test text\" | time 21")]
    [InlineData("_e{10,9}:test title|test text|p:low", "event \"test title\" | text \"test text\" | priority low")]
    [InlineData("_e{10,9}:test title|test text|h:localhost", "event \"test title\" | text \"test text\" | host localhost")]
    [InlineData("_e{10,9}:test title|test text|k:some key", "event \"test title\" | text \"test text\" | key some key")]
    [InlineData("_e{10,9}:test title|test text|s:this is the source", "event \"test title\" | text \"test text\" | source this is the source")]
    [InlineData("_e{10,9}:test title|test text|#tag1,tag2:test", "event \"test title\" | text \"test text\" | #tag1 #tag2:test")]
    [InlineData("_e{10,9}:test title|test text|x:1234", "event \"test title\" | text \"test text\" | ignored x:1234")]
    [InlineData("_e{10,9}:test title|test text|d:abc", "event \"test title\" | text \"test text\" | ignored d:abc")]
    [InlineData("_e{10,9}:test title|test text|p:low|p:urgent", "event \"test title\" | text \"test text\" | priority low | ignored p:urgent")]
    [InlineData("_e{10,9}:test title|test text|t:error|t:test", "event \"test title\" | text \"test text\" | type error | ignored t:test")]
    [InlineData("_e{10,9}:test title|test text|t:error|t:success|c:ci-1|e:x|card:low", "event \"test title\" | text \"test text\" | type success")]
    [InlineData("_e{1,3}:a|texts|t:error", "event \"a\" | text \"tex\" | type error | ignored ts")]
    [InlineData("_e{2,2}:é|é", "event \"é\" | text \"é\"")]
    public void An_event_is_read_as_the_vectors_say(string line, string expected) => Assert.Equal(expected, LineDrawing.Draw(line));

    [Theory]
    [InlineData("_e{0,0}:a|a", "byte 4: the title's length is 0, and an event needs a title, as in _e{5,4}:title|text.")]
    [InlineData("_e{10,10}:title|text", "byte 11: title and text are not as long as the lengths in braces say. Count the bytes of their UTF-8 text (\"é\" is two, \"\\n\" is two), as in _e{5,4}:title|text.")]
    [InlineData("_e{1,1}:é|é", "byte 9: title and text are not as long as the lengths in braces say. Count the bytes of their UTF-8 text (\"é\" is two, \"\\n\" is two), as in _e{5,4}:title|text.")]
    [InlineData("_e{1,1}:", "byte 9: title and text are not as long as the lengths in braces say. Count the bytes of their UTF-8 text (\"é\" is two, \"\\n\" is two), as in _e{5,4}:title|text.")]
    [InlineData("_e{5555:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{a,1}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{5,}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{,4}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{-123,-987}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{5,-987}:title|text", "byte 1: an event begins with the lengths of title and text in bytes, as in _e{5,4}:title|text.")]
    [InlineData("_e{999999999999999999,999999999999999999}:title|text", "byte 43: title and text are not as long as the lengths in braces say. Count the bytes of their UTF-8 text (\"é\" is two, \"\\n\" is two), as in _e{5,4}:title|text.")]
    // What does not begin as an event does is read as a metric, and is none either.
    [InlineData("_e", "byte 3: no \"|\" with a type follows. Write name:value|type, as in page.views:1|c; types are g, c, h, d, ms, s.")]
    [InlineData("_e:", "byte 4: no \"|\" with a type follows. Write name:value|type, as in page.views:1|c; types are g, c, h, d, ms, s.")]
    [InlineData("_e:title|text", "byte 10: \"text\" is no type. Write g (gauge), c (counter), h (histogram), d (distribution), ms (milliseconds) or s (set).")]
    public void No_event(string line, string expected) => Assert.Equal($"rejected: Line \"{line}\", {expected}", LineDrawing.Draw(line));

    [Theory]
    [InlineData("_e{1,1}:a|b|p:urgent", "byte 13: \"p:urgent\" is passed over: fields of an event are d:UNIX_SECONDS, h:HOST, p:normal or low, t:error, warning, info or success, k:KEY, s:SOURCE and #tag,tag. The event is kept.")]
    [InlineData("_e{1,3}:a|texts", "byte 14: \"ts\" stands behind the text where a \"|\" or the end should, and is passed over: the lengths in braces are too small. Count the bytes of the UTF-8 text (\"é\" is two, \"\\n\" is two). The event is kept.")]
    [InlineData("_sc|a|0|x:y", "byte 9: \"x:y\" is passed over: fields of a service check are d:UNIX_SECONDS, h:HOST, #tag,tag and m:MESSAGE. The service check is kept.")]
    public void A_field_that_is_passed_over_is_told(string line, string expected)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(line);
        var isKept = line.StartsWith("_sc", StringComparison.Ordinal) ? ServiceCheckLineReader.TryRead(bytes, 1, out _, out var fault) : EventLineReader.TryRead(bytes, 1, out _, out fault);

        Assert.True(isKept);
        Assert.Equal($"Line \"{line}\", {expected}", fault.Sentence(bytes));
    }

    [Theory]
    [InlineData("_sc|agent.up|0", "check agent.up Ok")]
    [InlineData("_sc|agent.up|1", "check agent.up Warning")]
    [InlineData("_sc|agent.up|2", "check agent.up Critical")]
    [InlineData("_sc|agent.up|3|#tag1,tag2:dev", "check agent.up Unknown | #tag1 #tag2:dev")]
    [InlineData("_sc|agent.up|0|d:21|h:localhost|#tag1:test,tag2|m:this is fine", "check agent.up Ok | time 21 | host localhost | #tag1:test #tag2 | message \"this is fine\"")]
    [InlineData("_sc|agent.up|0|d:21|h:localhost|h:localhost2|d:22", "check agent.up Ok | time 22 | host localhost2")]
    [InlineData("_sc|agent.up|0|d:some_time|#tag1", "check agent.up Ok | #tag1 | ignored d:some_time")]
    [InlineData("_sc|agent.up|0|m:one\\ntwo|x:y", "check agent.up Ok | message \"one⏎two\" | ignored x:y")]
    public void A_service_check_is_read_as_the_vectors_say(string line, string expected) => Assert.Equal(expected, LineDrawing.Draw(line));

    [Theory]
    [InlineData("_sc|agent.up", "byte 13: a service check is written _sc|NAME|STATUS, as in _sc|agent.up|0. Names of metrics must not begin with \"_sc\".")]
    [InlineData("_sc|agent.up|", "byte 14: \"\" is no status. Write 0 (OK), 1 (warning), 2 (critical) or 3 (unknown), as in _sc|agent.up|0.")]
    [InlineData("_sc||", "byte 5: the name of the service check is empty. Write _sc|NAME|STATUS, as in _sc|agent.up|0.")]
    [InlineData("_sc|", "byte 5: the name of the service check is empty. Write _sc|NAME|STATUS, as in _sc|agent.up|0.")]
    [InlineData("_sc|agent.up|OK", "byte 14: \"OK\" is no status. Write 0 (OK), 1 (warning), 2 (critical) or 3 (unknown), as in _sc|agent.up|0.")]
    [InlineData("_sc|agent.up|21", "byte 14: \"21\" is no status. Write 0 (OK), 1 (warning), 2 (critical) or 3 (unknown), as in _sc|agent.up|0.")]
    [InlineData("_scale:1|g", "byte 1: a service check is written _sc|NAME|STATUS, as in _sc|agent.up|0. Names of metrics must not begin with \"_sc\".")]
    public void No_service_check(string line, string expected) => Assert.Equal($"rejected: Line \"{line}\", {expected}", LineDrawing.Draw(line));
}
