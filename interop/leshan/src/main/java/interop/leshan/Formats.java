package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import org.eclipse.leshan.core.request.ContentFormat;

/** Content formats by Leshan's name ({@code "TLV"}, {@code "SENML_CBOR"}) or by number (11542, 112). */
final class Formats {
    private Formats() {}

    /** Null for an absent or null field: no Accept on a Read, Leshan's default on a Write. */
    static ContentFormat read(JsonNode field) throws BadCommand {
        if (field.isMissingNode() || field.isNull()) {
            return null;
        }
        if (field.isInt()) {
            return ContentFormat.fromCode(field.asInt());
        }
        ContentFormat format = ContentFormat.fromName(field.asText());
        if (format == null) {
            throw new BadCommand("unknown content format " + field);
        }
        return format;
    }
}
