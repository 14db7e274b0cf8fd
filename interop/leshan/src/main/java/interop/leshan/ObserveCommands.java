package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.server.observation.ObservationService;

/** {@code observe}, and the two ways to end it: {@code cancel} asks, {@code forget_observation} resets. */
final class ObserveCommands {
    private final Device device;
    private final ObservationService observations;

    ObserveCommands(Device device, ManagementServer management) {
        this.device = device;
        this.observations = management.leshan.getObservationService();
    }

    void addTo(Map<String, Command> commands) {
        commands.put("observe", this::observe);
        commands.put("cancel", this::cancel);
        commands.put("forget_observation", this::forget);
    }

    private void observe(JsonNode command, ObjectNode answer) throws Exception {
        LwM2mPath path = DeviceCommands.path(command);
        ObserveRequest request = new ObserveRequest(Formats.read(command.path("format")), path.toString());
        ObserveResponse response = device.send(command, request);
        Answers.describe(response, path, answer);
        // Absent when the device answered as to a plain Read.
        if (response.getObservation() != null) {
            answer.put("observation", response.getObservation().getId().getAsHexString());
        }
    }

    /** GET with Observe 1. */
    private void cancel(JsonNode command, ObjectNode answer) throws Exception {
        SingleObservation observation = find(command);
        Answers.describe(
                device.send(command, new CancelObservationRequest(observation)), observation.getPath(), answer);
    }

    /** Nothing is sent now: the next notification is answered with Reset. */
    private void forget(JsonNode command, ObjectNode answer) throws BadCommand {
        observations.cancelObservation(find(command));
    }

    private SingleObservation find(JsonNode command) throws BadCommand {
        String id = Command.text(command, "observation");
        for (Observation observation : observations.getObservations(device.registration(command))) {
            if (observation instanceof SingleObservation single
                    && single.getId().getAsHexString().equals(id)) {
                return single;
            }
        }
        throw new BadCommand("no observation " + id);
    }
}
