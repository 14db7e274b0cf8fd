package interop.leshan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Writes answers and events, one JSON object a line. Any thread may write. */
final class Output {
    static final ObjectMapper JSON = new ObjectMapper();

    private final PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);

    /** An event under construction: {@code {"event":name, …}}. */
    static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name);
    }

    /** Writes one line; without a reader on the other end the program has no purpose and ends. */
    synchronized void line(ObjectNode object) {
        try {
            out.println(JSON.writeValueAsString(object));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        out.flush();
        if (out.checkError()) {
            Runtime.getRuntime().halt(1);
        }
    }
}
