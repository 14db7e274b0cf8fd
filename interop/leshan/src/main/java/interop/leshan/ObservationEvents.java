package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;

/** Reports notifications. */
final class ObservationEvents implements ObservationListener {
    private final Output output;

    ObservationEvents(Output output) {
        this.output = output;
    }

    @Override
    public void newObservation(Observation observation, Registration registration) {}

    @Override
    public void cancelled(Observation observation) {
        output.line(event("observation_cancelled", observation));
    }

    @Override
    public void onResponse(SingleObservation observation, Registration registration, ObserveResponse response) {
        ObjectNode event = event("notification", observation);
        event.put("endpoint", registration.getEndpoint());
        Answers.describe(response, observation.getPath(), event);
        output.line(event);
    }

    /** Observe-Composite has no command here. */
    @Override
    public void onResponse(
            CompositeObservation observation, Registration registration, ObserveCompositeResponse response) {}

    @Override
    public void onError(Observation observation, Registration registration, Exception error) {
        ObjectNode event = event("notification_error", observation);
        event.put("endpoint", registration == null ? null : registration.getEndpoint());
        output.line(event.put("error", error.toString()));
    }

    private static ObjectNode event(String name, Observation observation) {
        ObjectNode event =
                Output.event(name).put("observation", observation.getId().getAsHexString());
        if (observation instanceof SingleObservation single) {
            event.put("path", single.getPath().toString());
        }
        return event;
    }
}
