package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Map;
import org.eclipse.leshan.server.registration.Registration;

/** {@code registrations} lists the registered devices; {@code forget} drops one without telling it. */
final class RegistrationCommands {
    private final ManagementServer management;

    RegistrationCommands(ManagementServer management) {
        this.management = management;
    }

    void addTo(Map<String, Command> commands) {
        commands.put("registrations", this::list);
        commands.put("forget", this::forget);
    }

    private void list(JsonNode command, ObjectNode answer) {
        ArrayNode list = answer.putArray("registrations");
        Iterator<Registration> all =
                management.leshan.getRegistrationService().getAllRegistrations();
        while (all.hasNext()) {
            Registrations.describe(all.next(), list.addObject());
        }
    }

    /** The device's next Update is answered 4.04. */
    private void forget(JsonNode command, ObjectNode answer) throws BadCommand {
        Registration registration =
                management.leshan.getRegistrationService().getByEndpoint(Command.text(command, "endpoint"));
        if (registration != null) {
            management.leshan.getRegistrationStore().removeRegistration(registration.getId());
        }
        answer.put("removed", registration != null);
    }
}
