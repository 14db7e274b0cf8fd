package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** One command: reads its fields, acts, and fills in the answer. */
@FunctionalInterface
interface Command {
    void run(JsonNode command, ObjectNode answer) throws Exception;

    /** A field that must be there. */
    static String text(JsonNode command, String field) throws BadCommand {
        JsonNode value = command.path(field);
        if (!value.isTextual()) {
            throw new BadCommand("missing field " + field);
        }
        return value.asText();
    }
}
